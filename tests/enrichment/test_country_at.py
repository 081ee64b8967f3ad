from __future__ import annotations

import pytest

from reprompt_mock.enrichment.country_at import country_at


@pytest.mark.parametrize(
    ("place", "latitude", "longitude", "code"),
    [
        ("Hanoi", 21.0245, 105.8412, "VN"),
        ("Haiphong", 20.8648, 106.6835, "VN"),
        ("Vinh", 18.6734, 105.6923, "VN"),
        ("Dien Bien Phu", 21.386, 103.023, "VN"),
        ("Dong Hoi", 17.4688, 106.6223, "VN"),
        ("Ho Chi Minh City", 10.823, 106.6296, "VN"),
        ("Bangkok", 13.754, 100.5014, "TH"),
        ("Bueng Kan", 18.3609, 103.6464, "TH"),
        ("Nakhon Phanom", 17.4108, 104.7787, "TH"),
        ("Khong Chiam", 15.317, 105.5, "TH"),
        ("Chiang Khong", 20.26, 100.4, "TH"),
        ("Vientiane", 17.9667, 102.6, "LA"),
        ("Pristina", 42.6727, 21.1669, "XK"),
        ("Prizren", 42.2139, 20.7397, "XK"),
        ("Mitrovica", 42.8914, 20.8664, "XK"),
        ("Dragash", 42.0626, 20.6533, "XK"),
        ("Peja", 42.6603, 20.2886, "XK"),
        ("Leposavic", 43.1032, 20.8031, "XK"),
        ("Raska", 43.2875, 20.6136, "RS"),
        ("Novi Pazar", 43.1367, 20.5122, "RS"),
        ("Presevo", 42.3067, 21.65, "RS"),
        ("Belgrade", 44.804, 20.4651, "RS"),
        ("Skopje", 41.9965, 21.4314, "MK"),
        ("Kukes", 42.0769, 20.4219, "AL"),
        ("Rozaje", 42.8442, 20.1679, "ME"),
        ("the pole", -90.0, 0.0, "AQ"),
        ("Esperanza Base", -63.398, -56.998, "AQ"),
        ("Signy, South Orkney", -60.708, -45.595, "AQ"),
        ("the sea south of 60", -60.001, 100.0, "AQ"),
        ("the sea north of 60", -59.9, 100.0, None),
        ("Ushuaia", -54.8, -68.3, "AR"),
        ("Southern Thule", -59.45, -27.3, "GS"),
        ("Bouvet", -54.42, 3.36, "BV"),
        ("the sea off Bouvet", -55.0, 3.36, None),
        ("Heard", -53.1, 73.51, "HM"),
        ("McDonald", -53.03, 72.6, "HM"),
        ("Kerguelen", -49.35, 70.2, "TF"),
        ("Palmyra", 5.88, -162.08, "UM"),
        ("Jarvis", -0.37, -160.02, "UM"),
        ("Howland", 0.81, -176.62, "UM"),
        ("Cocos Island", 5.53, -87.06, "CR"),
        ("Clipperton", 10.3, -109.21, "FR"),
        ("San Juan", 18.4655, -66.1057, "PR"),
        ("the Vatican", 41.9022, 12.4531, "VA"),
        ("Null Island", 0.0, 0.0, None),
        ("the corner of the map", 90.0, 180.0, None),
    ],
)
def test_a_point_is_in_the_country_whose_land_it_is(
    place: str, latitude: float, longitude: float, code: str | None
) -> None:
    """Contract C2."""
    assert country_at(longitude, latitude) == code, place
