"""The country of a place (contract C2)."""

from __future__ import annotations

from typing import Any

import pytest

from reprompt_mock.enrichment.countries import country_of
from reprompt_mock.enrichment.country_named import country_meant, country_named
from reprompt_mock.enrichment.facts import countries, data
from tests.enrichment.finding import find, subject_of

PARIS = {"latitude": 48.85, "longitude": 2.35}


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ({"country_code": "DE", "country": "France", **PARIS}, "DE"),
        ({"country_code": None, "country": "United States", **PARIS}, "US"),
        ({"country": "Atlantis", **PARIS}, "FR"),
        ({"country": "", **PARIS}, "FR"),
        ({"country": 7, **PARIS}, "FR"),
        (PARIS, "FR"),
        ({"latitude": 22.28, "longitude": 114.16}, "HK"),
        ({"latitude": 1.29, "longitude": 103.85}, "SG"),
        ({"latitude": 18.46, "longitude": -66.1, "full_address": "San Juan, Spain"}, "PR"),
        ({"latitude": 0.0, "longitude": -30.0}, None),
        ({"latitude": 0.0, "longitude": -30.0, "full_address": "1 High Street, Leeds, UK"}, "GB"),
        ({"latitude": 90, "longitude": 180}, None),
        ({"country": "Atlantis", "full_address": "1 High Street, Leeds, UK"}, "GB"),
        ({"full_address": ""}, None),
        ({"full_address": " , "}, None),
        ({"full_address": None}, None),
        ({}, None),
    ],
)
def test_the_country_is_as_given_else_by_name_else_by_coordinates_else_by_address(
    inputs: dict[str, Any], expected: str | None
) -> None:
    """Contract C2."""
    assert country_of(inputs) == expected
    assert subject_of("p", {"name": "x", **inputs}).country_code == expected


# What `country` may be


@pytest.mark.parametrize(
    ("text", "code"),
    [
        # Codes of ISO 3166-1
        *[("CA", "CA"), ("ca", "CA"), (" De ", "DE"), ("GA", "GA"), ("IN", "IN"), ("XK", "XK"), ("\uff2a\uff30", "JP")],
        *[("GBR", "GB"), ("usa", "US"), ("CHE", "CH"), ("XKX", "XK"), ("U.S.A.", "US"), ("U. S. A.", "US")],
        *[("840", "US"), ("004", "AF"), ("4", "AF"), ("76", "BR"), ("\uff18\uff12\uff16", "GB"), ("036", "AU")],
        # Without case, accents, dots, brackets and "the"
        *[("uk", "GB"), ("  Deutschland ", "DE"), ("türkiye", "TR"), ("TURKIYE", "TR"), ("Turkey", "TR")],
        *[("Espana", "ES"), ("España", "ES"), ("Espan\u0303a", "ES"), ("Perú", "PE"), ("Peru.", "PE")],
        *[("Côte d'Ivoire", "CI"), ("Cote d\u2019Ivoire", "CI"), ("Ivory Coast", "CI"), ("Curacao", "CW")],
        *[("Åland Islands", "AX"), ("Aland Islands", "AX"), ("Faeroe Islands", "FO"), ("Foroyar", "FO")],
        *[("The Gambia", "GM"), ("the netherlands", "NL"), ("Bahamas, The", "BS"), ("St. Lucia", "LC")],
        *[("Saint Kitts & Nevis", "KN"), ("St Kitts and Nevis", "KN"), ("Bosnia-Herzegovina", "BA")],
        *[("Trinidad & Tobago", "TT"), ("Guinea Bissau", "GW"), ("Timor Leste", "TL"), ("Viet Nam", "VN")],
        *[("Korea (South)", "KR"), ("Korea (North)", "KP"), ("Congo (Kinshasa)", "CD"), ("Congo-Brazzaville", "CG")],
        *[("Virgin Islands (U.S.)", "VI"), ("Virgin Islands (British)", "VG"), ("Cocos (Keeling) Islands", "CC")],
        *[("Falkland Islands (Malvinas)", "FK"), ("Saint Martin (French part)", "MF"), ("Pitcairn", "PN")],
        # Official long names, and how they are shortened
        *[("United States of America", "US"), ("Lao PDR", "LA"), ("Lao People's Democratic Republic", "LA")],
        *[("UK of GB", "GB"), ("United Kingdom of Great Britain and Northern Ireland", "GB"), ("Korea, Rep. of", None)],
        *[("Republic of Korea", "KR"), ("Democratic People's Republic of Korea", "KP"), ("Korea, Republic of", "KR")],
        *[("Russian Federation", "RU"), ("Iran (Islamic Republic of)", "IR"), ("Syrian Arab Republic", "SY")],
        *[("Bolivia (Plurinational State of)", "BO"), ("Tanzania, United Republic of", "TZ"), ("PRC", "CN")],
        *[("Federated States of Micronesia", "FM"), ("Taiwan, Province of China", "TW"), ("Holy See", "VA")],
        *[("Czech Republic", "CZ"), ("Swaziland", "SZ"), ("Burma", "MM"), ("Cape Verde", "CV"), ("Holland", "NL")],
        *[("FYROM", "MK"), ("UAE", "AE"), ("DRC", "CD"), ("KSA", "SA"), ("Republic of Georgia", "GE")],
        # As ISO 3166 lists them
        *[("Netherlands (the)", "NL"), ("United States of America (the)", "US"), ("Niger (the)", "NE")],
        *[("Congo (the Democratic Republic of the)", "CD"), ("Congo (the)", "CG"), ("Korea (the Republic of)", "KR")],
        *[("Falkland Islands (the) [Malvinas]", "FK"), ("Taiwan (Province of China)", "TW"), ("Sudan (the)", "SD")],
        *[
            ("Tanzania, the United Republic of", "TZ"),
            ("Palestine, State of", "PS"),
            ("Moldova (the Republic of)", "MD"),
        ],
        # Names in the country's own languages
        *[("भारत", "IN"), ("இந்தியா", "IN"), ("台灣", "TW"), ("臺灣", "TW"), ("中華民國", "TW"), ("中国", "CN")],
        *[
            ("中华人民共和国", "CN"),
            ("日本", "JP"),
            ("日本国", "JP"),
            ("한국", "KR"),
            ("대한민국", "KR"),
            ("香港", "HK"),
        ],
        *[("ไทย", "TH"), ("ประเทศไทย", "TH"), ("Maroc", "MA"), ("المغرب", "MA"), ("Algérie", "DZ"), ("مصر", "EG")],
        *[("Россия", "RU"), ("Российская Федерация", "RU"), ("Україна", "UA"), ("Беларусь", "BY"), ("Қазақстан", "KZ")],
        *[("Ελλάδα", "GR"), ("საქართველო", "GE"), ("Հայաստան", "AM"), ("ישראל", "IL"), ("ایران", "IR")],
        *[("Suisse", "CH"), ("Svizzera", "CH"), ("Schweiz", "CH"), ("België", "BE"), ("Belgique", "BE")],
        *[("République française", "FR"), ("Bundesrepublik Deutschland", "DE"), ("Österreich", "AT"), ("Suomi", "FI")],
        *[("Sverige", "SE"), ("Polska", "PL"), ("Česko", "CZ"), ("Magyarország", "HU"), ("Hrvatska", "HR")],
        *[("Việt Nam", "VN"), ("Pilipinas", "PH"), ("Brasil", "BR"), ("México", "MX"), ("Shqipëri", "AL")],
        *[("Éire", "IE"), ("Cymru", "GB"), ("Lëtzebuerg", "LU"), ("Aotearoa", "NZ"), ("Ísland", "IS")],
        # Said twice
        *[("Burma (Myanmar)", "MM"), ("Germany (DE)", "DE"), ("Belgique / België / Belgien", "BE")],
        *[("United Kingdom (UK)", "GB"), ("USA / United States", "US"), ("Deutschland (Germany)", "DE")],
        # The state has no country of its own
        ("Georgia", "GE"),
        # No country, or more than one
        *[("Atlantis", None), ("", None), ("  ", None), ("ZZ", None), ("QQQ", None), ("999", None), ("0", None)],
        *[("Georgia (US)", None), ("Ireland (Northern)", None), ("Samoa (American)", None), ("Korea (DPRK)", None)],
        *[("Papua Nuova Guinea", None), ("West Jordan", None), ("Little India", None), ("New Mexico", None)],
        *[("N/A", None), ("n.a.", None), ("null", None), ("nan", None), ("-", None), ("the", None), ("St", "ST")],
        *[("France / Spain", None), ("Europe", None), ("California", None), ("()", None), ("/", None)],
    ],
)
def test_a_country_is_known_by_its_codes_and_names(text: str, code: str | None) -> None:
    """Contract C2: codes; names in English and in the country's own languages, without case, accents, dots, "the"."""
    assert country_meant(text) == code
    assert country_of({"country": text}) == code


@pytest.mark.parametrize("code", countries())
def test_every_country_is_known_by_each_of_its_codes_and_names(code: str) -> None:
    """Contract C2."""
    row = data("names")[code]
    texts = [
        code,
        row["alpha3"],
        *([row["numeric"]] if "numeric" in row else []),
        *row["names"],
        countries()[code].name,
    ]

    assert {country_meant(form(text)) for text in texts for form in (str, str.upper, str.lower)} == {code}
    assert code == "XK" or "numeric" in row


# What an address may end with


@pytest.mark.parametrize(
    ("address", "code"),
    [
        # The last piece names a country
        ("1 Rue de la Paix, Paris, France", "FR"),
        ("7 Carmine St, New York, NY 10014, USA", "US"),
        ("7 Carmine St, New York, NY 10014, U.S.A.", "US"),
        ("1 Main Street, Springfield, US.", "US"),
        ("Port Moresby, Papua New Guinea", "PG"),
        ("Calle Mayor 1, 28013 Madrid, Espana", "ES"),
        ("Buckingham Palace, London, UK", "GB"),
        ("12 Gran Via\n28013 Madrid\nSpain", "ES"),
        ("Office 3, Al Wasl Road - Dubai - United Arab Emirates", "AE"),
        ("12 Tahrir Square، Cairo، مصر", "EG"),
        ("Rathausplatz 1; Wien; Österreich", "AT"),
        ("Teheran-ro 1, Seoul, Korea, Republic of", "KR"),
        ("Dar es Salaam, Tanzania, United Republic of", "TZ"),
        ("1 Rue X, Kinshasa, Congo (Kinshasa)", "CD"),
        ("1 Queen's Road Central, Hong Kong, China", "HK"),
        ("1 Nanjing Road, Shanghai, China", "CN"),
        ("Peru", "PE"),
        # … and nothing less than a whole piece does
        ("1 Center St, West Jordan", None),
        ("Hohhot, Inner Mongolia", None),
        ("Serangoon Road, Little India", None),
        ("Via Roma 1, Papua Nuova Guinea", None),
        ("1 Plaza, Santa Fe, New Mexico", None),
        ("1 Main Street, New England", None),
        ("10 Rue de Paris France", None),
        ("Bahnhofstrasse 1, 8001 Zürich Switzerland.", None),
        ("12 Jordan Road", None),
        ("Café de Chad", None),
        ("Av. Brasil 1500", None),
        ("Paris, Ile-de-France", None),
        # Codes are no names: these are states and provinces
        ("1 Main Street, Los Angeles, CA", None),
        ("1 Main Street, Atlanta, GA", None),
        ("Via Roma 1, Caserta, CE", None),
        # The country and the state of this name
        ("Atlanta, Georgia", "US"),
        ("1 Peachtree Street, Savannah, Georgia", "US"),
        ("1 Peachtree Street NE, Atlanta, Georgia 30303", "US"),
        ("1234 Peachtree Street, Georgia", "US"),
        ("Tbilisi, Georgia", "GE"),
        ("12 Rustaveli Avenue, Tbilisi 0108, Georgia", "GE"),
        ("1 Rustaveli Street, 4600 Kutaisi, Georgia", "GE"),
        ("12 Rustaveli Avenue, Tbilisi, Georgia 0108", "GE"),
        ("რუსთაველის გამზირი 12, Georgia", "GE"),
        ("Georgia", "GE"),
        ("Tbilisi, Republic of Georgia", "GE"),
        # A country followed by a postcode
        ("10 Bayfront Avenue, Singapore 018956", "SG"),
        ("10 Bayfront Avenue, Singapore (018956)", "SG"),
        ("Singapore 018956", "SG"),
        ("99 Sukhumvit Road, Bangkok, Thailand 10110", "TH"),
        ("1 MG Road, Bengaluru, India - 560001", "IN"),
        ("1 MG Road, Bengaluru, India-560001", "IN"),
        ("Av. Paulista 1, São Paulo, Brasil 01310-100", "BR"),
        ("1 Grafton Street, Dublin, Ireland D02 AF30", "IE"),
        ("ул. Тверская 1, Москва, Россия, 101000", "RU"),
        ("Хрещатик 1, Київ, Україна, 01001", "UA"),
        ("1 Road, Harare, Zimbabwe 1234", None),
        ("Av. X, Perú 123", None),
        ("1 Street, Chile 12", None),
        ("Av. Central, Liberia, 1001", None),
        ("1 Way, West Jordan 11118", None),
        # A US state with ZIP, and the territories
        ("7 Carmine St, New York, NY 10014", "US"),
        ("7 Carmine St, New York, NY, 10014", "US"),
        ("7 Carmine St\nNew York, NY 10014\n", "US"),
        ("7 Carmine St\nNew York\nNY\n10014", "US"),
        ("7 Carmine St, New York, NY 10014-1234", "US"),
        ("7 carmine st, new york, ny 10014", "US"),
        ("7 Carmine St, New York, N.Y. 10014.", "US"),
        ("1 Main St, Austin, Texas 78701", "US"),
        ("1 Main St, Charleston, West Virginia 25301", "US"),
        ("1600 Pennsylvania Ave NW, Washington DC 20500", "US"),
        ("PSC 3, APO, AE 09021", "US"),
        ("100 Calle San Juan, San Juan, PR 00901", "PR"),
        ("1 Calle, San Juan, Puerto Rico 00901", "PR"),
        ("1 Marine Drive, Tamuning, GU 96913", "GU"),
        ("1 Main St, Charlotte Amalie, VI 00802", "VI"),
        ("1 Beach Rd, Saipan, MP 96950", "MP"),
        ("Pago Pago, AS 96799", "AS"),
        ("1 Main St, Austin, TX", None),
        ("1 Main St, Austin, TX 10014", None),
        ("Unter den Linden 1, Berlin, DE 10117", None),
        ("Via Dante 1, Milano MI 20121", None),
        ("1 Main St, Austin, 78701", None),
        # A Canadian province with postcode
        ("1 Yonge Street, Toronto, ON M5E 1W7", "CA"),
        ("1 Yonge Street, Toronto ON  M5E1W7", "CA"),
        ("1 rue Sherbrooke, Montréal (Québec) H3B 1X9", "CA"),
        ("1 Robson Street, Vancouver, British Columbia, V6B 1A1", "CA"),
        ("1 rue Main, Moncton, Nouveau-Brunswick E1C 1A1", "CA"),
        ("1 Yonge Street, Toronto, BC M5E 1W7", None),
        ("1 Yonge Street, Toronto, ON", None),
        # A UK postcode, and those like it
        ("10 Downing Street, London SW1A 2AA", "GB"),
        ("10 Downing Street, London, SW1A2AA", "GB"),
        ("10 Downing Street\nLondon\nSW1A 2AA,\n", "GB"),
        ("1 Royal Mile, Edinburgh eh1 1aa.", "GB"),
        ("1 High Street, St Peter Port GY1 1AA", "GG"),
        ("1 King Street, St Helier JE2 4WE", "JE"),
        ("1 Strand Street, Douglas IM1 2AB", "IM"),
        ("1 Main Street, Gibraltar GX11 1AA", "GI"),
        ("1 Ross Road, Stanley FIQQ 1ZZ", "FK"),
        ("Museumplein 1, Amsterdam 1071 XX", None),
        ("1 High Street, Springfield QQ1 1AA", None),
        ("1 High Street, XSW1A 2AA", None),
        # Japan: 〒, or a prefecture in either script
        ("〒100-0005 東京都千代田区丸の内1-9", "JP"),
        ("東京都千代田区丸の内1-9", "JP"),
        ("100-0005 東京都千代田区丸の内1-9", "JP"),
        ("北海道札幌市中央区1", "JP"),
        ("1-9 Marunouchi, Chiyoda-ku, Tokyo 100-0005", "JP"),
        ("1-9 Marunouchi, Chiyoda-ku, Tokyo", "JP"),
        ("2-1 Umeda, Osaka-shi, Osaka-fu 530-0001", "JP"),
        ("1 Chome, Naha, Okinawa Prefecture", "JP"),
        ("Tokyo Street 1, Springfield", None),
        ("1 Road, Springfield 100-0005", None),
        # East Asia: a country first, or last
        ("中国北京市朝阳区建国路1号", "CN"),
        ("中國上海市黃浦區1號", "CN"),
        ("台灣台北市信義區1號", "TW"),
        ("110台灣臺北市信義區1號", "TW"),
        ("香港中環皇后大道中1號", "HK"),
        ("澳門新口岸1號", "MO"),
        ("日本、〒100-0005 東京都千代田区", "JP"),
        ("日本大阪市北区1", "JP"),
        ("대한민국 서울특별시 강남구 테헤란로 1", "KR"),
        ("서울특별시 강남구 테헤란로 1 대한민국", "KR"),
        ("北京市朝阳区1号,中国", "CN"),
        ("青岛市市南区1号", None),
        ("香港中路12号", None),
        ("台湾路1号", None),
        ("서울특별시 강남구 테헤란로 1", None),
    ],
)
def test_an_address_shows_its_country_by_its_end_or_not_at_all(address: str, code: str | None) -> None:
    """Contract C2: the end of the address, a country first in Chinese, Japanese and Korean."""
    assert country_of({"full_address": address}) == code


def test_no_state_or_code_is_taken_for_a_name() -> None:
    """Contract C2: only `country` may be a code."""
    assert [country_named(code) for code in ("CA", "DE", "GA", "IN", "DEU", "840")] == [None] * 6


@pytest.mark.parametrize("address", ["," * 5000, "1 " * 50_000, "a-" * 50_000 + "1", "NY " * 20_000 + "10014 x"])
def test_a_long_address_takes_no_long_time(address: str) -> None:
    assert country_of({"full_address": address}) is None


# What a result calls it


@pytest.mark.parametrize(
    ("inputs", "name"),
    [
        ({"country": "Espana"}, "Spain"),
        ({"country": "840"}, "United States"),
        ({"country": "भारत", "city": "Mumbai"}, "India"),
        ({"country_code": "DE", "country": "BRD"}, "Germany"),
        ({"full_address": "Marienplatz 1, 80331 München, Deutschland"}, "Germany"),
        ({"full_address": "1 Peachtree Street NE, Atlanta, Georgia"}, "United States"),
        ({"full_address": "10 Downing Street, London SW1A 2AA"}, "United Kingdom"),
        ({"latitude": 48.85, "longitude": 2.35, "country": "Frankreich"}, "France"),
        ({"country": "Atlantis", "city": "Poseidonis"}, "Atlantis"),
    ],
)
def test_the_country_of_an_address_is_the_english_name_whatever_came(inputs: dict[str, Any], name: str) -> None:
    """Contract C2, F5."""
    found = find(subject_of("p", {"name": "x", **inputs}), "address", 0)

    assert found["address"]["country"] == name
