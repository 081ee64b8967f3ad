"""Addresses in Chinese characters: of China, Taiwan, Hong Kong and Macau, from the largest part to the smallest."""

from __future__ import annotations

import re
from functools import lru_cache
from unicodedata import normalize

from reprompt_mock.enrichment.facts import data

_GAP = r"[\s,、]*"
_INSIDE = rf"""
    (?P<building>[^\d,\s]{{2,}}?(?:大厦|大廈|大樓|大楼|中心|廣場|广场|商場|商场|大樓)?)?{_GAP}
    (?:(?P<block>[\dA-Z]+)[座栋棟]{_GAP})?(?:(?P<floor>\d+|地下)(?:樓|楼|层|層|/F){_GAP})?
    (?:(?:之)?(?P<unit_number>[\dA-Z]+)(?:室|號舖|号铺|單位|单元)?)?$
"""
_STREET = (
    r"(?P<street>\S*?(?:大道|大街|胡同|[路街道巷弄里])(?:[东西南北中東](?:路)?|[一二三四五六七八九十]+段|\d+段)?"
    r"(?:\d+巷)?(?:\d+弄)?|[^\d\s]{1,8}(?=\d+[号號]))"
)
_NUMBER = r"(?P<house>\d+(?:[-之]\d+)?)(?:号|號)?"
_DISTRICTS = """
    中環 上環 西環 金鐘 灣仔 銅鑼灣 天后 北角 鰂魚涌 太古城 太古 西灣河 筲箕灣 柴灣
    香港仔 黃竹坑 赤柱 尖沙咀 佐敦 油麻地 旺角 太子 深水埗 長沙灣 荔枝角 美孚 石硤尾 何文田
    紅磡 土瓜灣 九龍城 九龍塘 九龍灣 新蒲崗 黃大仙 鑽石山 牛頭角 觀塘 藍田 油塘 荃灣 葵涌
    葵芳 青衣 沙田 大圍 火炭 馬鞍山 大埔 粉嶺 上水 元朗 天水圍 屯門 將軍澳 西貢
    東涌 長洲
"""
_TOWNS = {
    "CN": r"(?P<city>[^\d\s]{2,9}?(?:市|自治州|地区|盟))?" + _GAP + r"(?P<suburb>[^\d\s]{1,7}?(?:区|县|旗|市))?",
    "TW": r"(?P<city>[^\d\s]{1,4}?[區鄉鎮市])?" + _GAP + r"(?P<suburb>[^\d\s]{1,4}?[里村])?",
    "HK": rf"(?P<city>{'|'.join(_DISTRICTS.split())})?",
    "MO": r"",
}
CODES = frozenset(_TOWNS)
_COUNTRIES = r"中华人民共和国|中国|中國香港|中國|台灣|臺灣|香港特別行政區|香港(?![島仔])|澳門"


@lru_cache
def _form(code: str) -> re.Pattern[str]:
    states = {name for entry in data("postal")[code].get("states", ()) for name in entry.split("~")[1:]}
    found = "|".join(sorted((re.escape(name) for name in states if not name.isascii()), key=len, reverse=True))
    state = f"(?P<state>{found}|[^\\d\\s]{{2,3}}省|[^\\d\\s]{{2,6}}自治区)?" if found else ""
    return re.compile(
        rf"(?:(?P<country>{_COUNTRIES}){_GAP})?(?:(?P<postalCode>\d{{6}}|\d{{5}}|\d{{3}}){_GAP})?"
        rf"(?:(?P<late>{_COUNTRIES}){_GAP})?{state}{_GAP}{_TOWNS[code]}{_GAP}(?:{_STREET}{_GAP})?(?:{_NUMBER}{_GAP})?{_INSIDE}",
        re.VERBOSE,
    )


_POSTCODE = re.compile(r"[\s,]+(?P<code>\d{6})$")


def read(text: str, code: str) -> dict[str, str]:
    """Split an address in Chinese characters into its parts; empty if it has another form."""
    text = normalize("NFKC", text).strip(" ,、").replace("臺", "台")
    late = _POSTCODE.search(text)
    if late:
        text = text[: late.start()].strip(" ,")
    match = _form(code).match(text)
    if match is None:
        return {}
    parts = {name: value for name, value in match.groupdict().items() if value}
    country = parts.pop("late", None)
    if country:
        parts["country"] = country
    if late:
        parts["postalCode"] = late["code"]
    if "city" not in parts and "suburb" in parts:
        parts["city"] = parts.pop("suburb")
    return parts
