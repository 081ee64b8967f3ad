"""Japanese addresses in Japanese script: prefecture, municipality, town, block."""

from __future__ import annotations

import re
from functools import lru_cache
from unicodedata import normalize

from reprompt_mock.enrichment.facts import data

# Cities with wards.
_DESIGNATED = (
    "札幌 仙台 さいたま 千葉 横浜 川崎 相模原 新潟 静岡 浜松 名古屋 京都 大阪 堺 神戸 岡山 広島 北九州 福岡 熊本"
)
# Municipalities whose names have the word for another kind of municipality in them.
_EXCEPTIONS = """
    市川市 市原市 四日市市 廿日市市 野々市市 町田市 十日町市 大町市 村山市
    東村山市 武蔵村山市 村上市 羽村市 田村市 大村市 中村区 中村市 郡山市
    大和郡山市 小郡市 郡上市 蒲郡市 西村山郡河北町 北村山郡大石田町 余市郡余市町 余市郡仁木町 余市郡赤井川村
    高市郡高取町 高市郡明日香村 佐波郡玉村町 杵島郡大町町 柴田郡村田町 町田市
"""
_DIGIT = "0-9〇一二三四五六七八九十百"


@lru_cache
def _form() -> re.Pattern[str]:
    prefectures = "|".join(data("national")["JP"]["prefectures"].values())
    designated = "|".join(_DESIGNATED.split())
    exceptions = "|".join(_EXCEPTIONS.split())
    return re.compile(
        rf"""
        (?:日本国?[\s,、]*)?(?:〒?\s*(?P<postalCode>\d{{3}}-?\d{{4}})[\s,、]*)?
        (?:(?P<state>{prefectures})[\s,、]*)?
        (?:(?P<city>{exceptions}|(?:{designated})市[^\d\s市区]{{1,4}}区|[^\d\s市区郡]{{1,5}}区
            |[^\d\s市区]{{1,5}}郡[^\d\s市区]{{1,5}}?[町村]|[^\d\s市区郡]{{1,7}}?市|[^\d\s市区郡]{{1,5}}[町村](?=[^\d丁]))[\s,、]*)?
        (?P<street>[^\d,、\s]*?(?=[{_DIGIT}]+(?:丁目|番|号|-|\s|$)|\d|[,、\s]|$))[\s,、]*
        (?P<house>(?:[{_DIGIT}]+丁目)?(?:\d+(?:番地?|号|丁目|[-の])?)*)?
        (?P<more>.*)
        """,
        re.VERBOSE,
    )


_FLOOR = re.compile(r"(?:地下)?(?P<floor>B?\d{1,2})(?:階|F)(?:\s*(?P<unit>\d+)号室?)?|(?P<room>\d{2,4})号室")
_POSTCODE = re.compile(r"〒?\s*(?P<code>\d{3}-?\d{4})$")


def read(text: str) -> dict[str, str]:
    """Split a Japanese address into its parts; the town is the street, the block the house."""
    text = normalize("NFKC", text).replace("−", "-").replace("ー1", "-1").strip(" ,、")
    late = _POSTCODE.search(text)
    if late and late.start():
        text = text[: late.start()].rstrip(" ,、〒")
    match = _form().match(text)
    found = {} if match is None else match.groupdict()
    more = (found.pop("more", None) or "").strip(" ,、")
    parts = {name: value for name, value in found.items() if value}
    if text.startswith("日本"):
        parts["country"] = "日本"
    if late and late.start():
        parts["postalCode"] = late["code"]
    return {**parts, **_inside(more)}


def _inside(text: str) -> dict[str, str]:
    """Read building, floor and unit."""
    text = text.removesuffix("日本").strip(" ,、")
    match = _FLOOR.search(text)
    if match is None:
        return {"building": text} if text else {}
    building = text[: match.start()].strip(" ,、")
    named = {"floor": match["floor"], "unit_number": match["unit"] or match["room"], "building": building}
    return {name: value for name, value in named.items() if value}
