"""Public holidays by the family's clock, and countries by their names."""

from datetime import date
from zoneinfo import available_timezones

import pytest

from bot.public_holidays import country_name, country_named, country_of, public_holidays


@pytest.mark.parametrize(
    ("zone", "country"),
    [
        ("America/New_York", "US"),
        ("America/Argentina/Ushuaia", "AR"),
        ("America/Mexico_City", "MX"),
        ("Europe/Madrid", "ES"),
        ("Europe/London", "GB"),
        ("Europe/Berlin", "DE"),
        ("Asia/Kolkata", "IN"),
        ("Pacific/Chatham", "NZ"),
        ("UTC", None),
        ("Etc/GMT+5", None),
        ("Mars/Phobos", None),
    ],
)
def test_a_zone_lies_in_a_country(zone: str, country: str | None) -> None:
    assert country_of(zone) == country


def test_every_country_of_a_zone_has_holidays_that_can_be_read() -> None:
    codes = {country_of(zone) for zone in available_timezones()} - {None}
    assert len(codes) > 100
    for code in sorted(str(each) for each in codes):
        for language in ("en", "es"):
            found = public_holidays(code, date(2026, 11, 25), date(2027, 11, 25), language)
            assert all(name and isinstance(day, date) for day, name in found)
            assert country_name(code, language)


def test_names_are_in_the_readers_language_where_they_can_be() -> None:
    christmas = (date(2026, 12, 25),) * 2
    assert public_holidays("ES", *christmas, "es") == ((christmas[0], "Natividad del Señor"),)
    assert public_holidays("ES", *christmas, "en") == ((christmas[0], "Christmas Day"),)
    assert public_holidays("US", *christmas, "es")[0][0] == christmas[0]


@pytest.mark.parametrize(
    ("text", "code"),
    [("Spain", "ES"), ("españa", "ES"), ("es", "ES"), ("MEXICO", "MX"), ("Atlantis", None)],
)
def test_a_country_by_its_name(text: str, code: str | None) -> None:
    assert country_named(text) == code
