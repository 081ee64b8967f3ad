"""Words that distinguish the parts of an address, in the languages of its country."""

from __future__ import annotations

import re

_STREET_WORDS = """
    crossing circle cir loop trail pike path row street road rd avenue ave av avn lane ln drive dr boulevard blvd
    bd way square sq highway hwy court ct crescent close terrace parade esplanade promenade broadway rue allée
    quai impasse chemin route cours place pl calle carrera cra avenida avda paseo vía via viale corso piazza
    piazzale largo vicolo rua travessa alameda praça estrada rodovia jalan jl jln lorong persiaran lebuh strada
    stradă str bulevardul calea șoseaua улица ул проспект просп переулок пер шоссе набережная площадь вулиця вул
    бульвар бул ulica ul ulice aleja utca út tér körút cesta trg gatvė iela tänav tee rruga sokak sok caddesi cad
    cd bulvarı triq شارع طريق οδός λεωφόρος soi thanon đường phố marg
"""
_STREET_ENDINGS = """
    straße strasse str. straat laan weg platz gasse gade vej gata gatan vägen katu veien plein kade gracht
"""
_GENERIC = """
    street road rd st ave avenue highway hwy route lane calle carrera cra avenida av jalan lorong soi sector phase
    district block avn drive way
"""


def _any(words: str) -> str:
    return "|".join(sorted(map(re.escape, words.split()), key=len, reverse=True))


STREET = re.compile(rf"\b(?:{_any(_STREET_WORDS)})\b|(?<=.)\bst\b|(?:{_any(_STREET_ENDINGS)})(?!\w)", re.IGNORECASE)
"""A word for a street; `St` only after something, since it begins the names of saints."""
GENERIC_END = re.compile(rf"(?:^|\s)(?:{_any(_GENERIC)})\.?$", re.IGNORECASE)
"""A word that a number follows as a name: Highway 61, Ang Mo Kio Ave 3."""
BUILDING = re.compile(r"\b(?:building|bldg|tower|towers|edificio|edif|gedung|menara|wisma)\b", re.IGNORECASE)
_CHOME = r"(?:\d+[- ]?ch[oō]me[- ,]+)?"
_NUMBER = r"\d{1,6}(?:[-–/]\d{1,6})*(?!\d)"
_REPEATED = r"(?:\s?(?:bis|ter|quater)\b)?"
_HOUSE = rf"{_CHOME}{_NUMBER}{_REPEATED}(?:\s?[A-Za-zА-Яа-я](?!\w))?(?:[-/][\dA-Za-z]{{1,3}}(?!\w))?"
_HOUSE_WORDS = "house no|house|villa|building|bldg|no|núm|num|nº|n°|nr|hs|д|дом|буд"
_SIGN = rf"(?:(?:{_HOUSE_WORDS})(?:\s?[.:]|\s)\s?|nº|n°|no[.:]|д\.|буд\.|#\s?)?"
PURE_HOUSE = re.compile(rf"{_SIGN}(?P<house>{_HOUSE})[.]?", re.IGNORECASE)
LEADING = re.compile(
    rf"(?:no[.:]?\s?|nº\s?|n°\s?|#)?(?P<house>{_CHOME}{_NUMBER}{_REPEATED}[A-Za-zА-я]?(?:[-/][\dA-Za-z]{{1,3}})?)"
    r"(?!\w|[.]|º|°)"
    r"\s+(?P<street>.+)",
    re.IGNORECASE,
)
TRAILING = re.compile(rf"(?P<street>.+?)[\s,]+{_SIGN}(?P<house>{_HOUSE})[.]?", re.IGNORECASE)
LETTER = re.compile(r"[^\W\d]")

_VALUE = r"(?:[A-Z]{0,2}-?\d+(?:-?[A-Z](?!\w))?(?:-\d+)?|[A-Z](?!\w))"
DETAIL = re.compile(
    rf"""
    \#\s?(?P<level>B?\d{{1,3}})-(?P<door>\d+[A-Z]?)(?!\w)
    | (?:\b(?:apartment|apt|suite|ste|unit|flat|room|rm|office|shop|lot
        |apartamento|apto|dpto|depto|appartement|appt|ap|kv
        |кв|квартира|оф|офис|daire|sala)\b\.?\s*(?:no\.?\s*)?[\#:]?\s*|\#\s?)(?P<unit_number>{_VALUE})(?!\w)
    | \b(?:floor|level|lvl|lantai|tingkat|piso|étage|этаж|kat)\b\.?\s*:?\s*(?P<floor>[GBLM]?\d{{1,3}}|G)(?!\w)
    | (?<!\w)(?P<story>\d{{1,3}}|G|B\d?|LG|UG|ground|first|second|third)(?:\s?/F(?!\w)|F$
        |(?:st|nd|rd|th)?\s+floor\b|\.?\s?kat\b|º\s?(?:andar|piso)\b|\s?(?:er|e|ème)\s?étage\b|\s?этаж\b|-й\sэтаж\b)
    | \b(?:blk|block|blok|bloque|bloco|блок|корпус|корп)\b\.?\s*:?\s*(?P<block>{_VALUE})(?!\w)
    | \b(?:km|kilometre|kilometer|км)\b\.?\s*(?P<km>\d+(?:\.\d+)?)(?!\w)
    """,
    re.IGNORECASE | re.VERBOSE,
)
"""Parts of an address that may stand anywhere in its line: unit, floor, block and kilometer."""
