"""Calendar files that mean harm, or are broken in ways that look like it."""

from calendar_files import calendar

from core.outside import Problem

FINE: tuple[str, ...] = ("12-01 10:00-11:00",)
"""What the one honest event of a file takes."""

HONEST = "UID:honest;;DTSTART:20261201T150000Z;;DTEND:20261201T160000Z"
AT = "UID:1;;DTSTART:20261201T150000Z;;DURATION:PT1H"
LONG_AGO = "UID:1;;DTSTART:19700101T000000Z;;DURATION:PT1H"

TOO_MUCH, DAMAGED, NO_CALENDAR = Problem.TOO_MUCH, Problem.DAMAGED, Problem.NO_CALENDAR
ANY = None
"""Whatever it takes, within the bounds."""


def nested(depth: int) -> bytes:
    name = "VALARM"
    inner = f"BEGIN:{name}\r\n" * depth + f"END:{name}\r\n" * depth
    return calendar(f"{HONEST}").replace(b"END:VEVENT", inner.encode() + b"END:VEVENT")


def many_dates(name: str, count: int, *, lines: int = 1) -> str:
    dates = ",".join(f"2026120{1 + n % 9}T{n % 24:02}{n % 60:02}00Z" for n in range(count))
    return ";;".join([f"{AT}", *[f"{name}:{dates}"] * lines])


def zone(rule: str) -> str:
    return (
        "BEGIN:VTIMEZONE\nTZID:Evil\nBEGIN:STANDARD\nTZOFFSETFROM:+0000\nTZOFFSETTO:-0500\n"
        f"DTSTART:19700101T000000\n{rule}\nEND:STANDARD\nEND:VTIMEZONE\n"
    )


IN_EVIL = "UID:1;;DTSTART;TZID=Evil:20261201T100000;;DURATION:PT1H"

HOSTILE: dict[str, tuple[bytes, tuple[str, ...] | Problem | None]] = {
    # Recurrence without end, or nearly so.
    "each second for ever": (calendar(f"{LONG_AGO};;RRULE:FREQ=SECONDLY"), TOO_MUCH),
    "each second from now": (calendar(f"{AT};;RRULE:FREQ=SECONDLY"), TOO_MUCH),
    "each minute": (calendar(f"{AT};;RRULE:FREQ=MINUTELY"), TOO_MUCH),
    "a count beyond counting": (
        calendar(f"{LONG_AGO};;RRULE:FREQ=SECONDLY;COUNT=999999999"),
        TOO_MUCH,
    ),
    "a count of many digits": (calendar(f"{AT};;RRULE:FREQ=DAILY;COUNT={'9' * 4000}"), ANY),
    "an interval of many digits": (
        calendar(f"{AT};;RRULE:FREQ=DAILY;INTERVAL={'9' * 4000}", HONEST),
        ANY,
    ),
    "an interval of none": (calendar(f"{AT};;RRULE:FREQ=DAILY;INTERVAL=0", HONEST), ANY),
    "a negative interval": (calendar(f"{AT};;RRULE:FREQ=DAILY;INTERVAL=-1", HONEST), ANY),
    "a negative count": (calendar(f"{AT};;RRULE:FREQ=DAILY;COUNT=-5", HONEST), ANY),
    "a date that never comes": (
        calendar(f"{LONG_AGO};;RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31", HONEST),
        ANY,
    ),
    "a second that never comes": (
        calendar(f"{LONG_AGO};;RRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=31", HONEST),
        TOO_MUCH,
    ),
    "every second by lists": (
        calendar(
            f"{AT};;RRULE:FREQ=YEARLY;BYYEARDAY={','.join(map(str, range(1, 367)))}"
            f";BYHOUR={','.join(map(str, range(24)))};BYMINUTE={','.join(map(str, range(60)))}"
            f";BYSECOND={','.join(map(str, range(60)))}"
        ),
        TOO_MUCH,
    ),
    "positions of positions": (
        calendar(f"{AT};;RRULE:FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS={','.join(['1', '-1'] * 3000)}"),
        ANY,
    ),
    "many rules of one event": (
        calendar(
            ";;".join([LONG_AGO, *(f"RRULE:FREQ=HOURLY;INTERVAL={n}" for n in range(1, 400))])
        ),
        ANY,
    ),
    "a thousand daily events since 1970": (
        calendar(
            *(LONG_AGO.replace("UID:1", f"UID:{n}") + ";;RRULE:FREQ=DAILY" for n in range(1000))
        ),
        TOO_MUCH,
    ),
    "a rule that is none": (calendar(f"{AT};;RRULE:FREQ=SOMETIMES", HONEST), ANY),
    "a rule in a rule": (calendar(f"{AT};;RRULE:RRULE:FREQ=DAILY;RRULE=FREQ=DAILY", HONEST), ANY),
    "a rule with two ends": (
        calendar(f"{AT};;RRULE:FREQ=DAILY;UNTIL=20261203;UNTIL=20261204;COUNT=2", HONEST),
        ANY,
    ),
    # Dates in heaps.
    "a million further dates": (calendar(many_dates("RDATE", 280_000)), TOO_MUCH),
    "further dates by lines": (calendar(many_dates("RDATE", 1_000, lines=250)), ANY),
    "a million exceptions": (calendar(many_dates("EXDATE", 280_000)), TOO_MUCH),
    "periods that overlap": (
        calendar(f"{AT};;RDATE;VALUE=PERIOD:" + ",".join(["20261201T000000Z/P50D"] * 700)),
        ANY,
    ),
    # Overrides of each other.
    "overrides in a circle": (
        calendar(
            *(
                f"UID:1;;RECURRENCE-ID:2026120{1 + n % 9}T150000Z"
                f";;DTSTART:2026120{1 + (n + 1) % 9}T150000Z;;DURATION:PT1H"
                for n in range(9)
            )
        ),
        ANY,
    ),
    "an override of an override": (
        calendar(
            f"{AT};;RRULE:FREQ=DAILY;COUNT=2",
            *(f"{AT};;RECURRENCE-ID;RANGE=THISANDFUTURE:20261201T150000Z" for _ in range(300)),
        ),
        ANY,
    ),
    "thousands of overrides": (
        calendar(f"{AT};;RRULE:FREQ=DAILY", *[f"{AT};;RECURRENCE-ID:20261205T150000Z"] * 4_500),
        ANY,
    ),
    "one name for all": (calendar(*[f"{AT};;RRULE:FREQ=DAILY"] * 3_000), ANY),
    # Times at the edge of time.
    "the year 9999": (
        calendar("UID:1;;DTSTART:20261201T150000Z;;DTEND:99991231T235959Z"),
        ANY,
    ),
    "after the year 9999": (
        calendar("UID:1;;DTSTART:99991231T235959Z;;DURATION:P9999D", HONEST),
        FINE,
    ),
    "before the year 1": (
        calendar("UID:1;;DTSTART:00010101T000000Z;;DTEND:00010101T000001Z", HONEST),
        FINE,
    ),
    "the year 1 and its zone": (
        calendar("UID:1;;DTSTART;TZID=Asia/Tokyo:00010101T000000;;DTEND:20261201T150000Z", HONEST),
        ANY,
    ),
    "from the year 1 on": (
        calendar("UID:1;;DTSTART:00010101T000000Z;;DURATION:PT1H;;RRULE:FREQ=DAILY"),
        ANY,
    ),
    "a day of 32 months": (calendar("UID:1;;DTSTART:20263201T999999Z", HONEST), FINE),
    "no digits at all": (calendar("UID:1;;DTSTART:tomorrow", HONEST), FINE),
    "a negative duration": (
        calendar("UID:1;;DTSTART:20261202T150000Z;;DURATION:-P400D", HONEST),
        FINE,
    ),
    "a duration of many digits": (
        calendar(f"UID:1;;DTSTART:20261202T150000Z;;DURATION:P{'9' * 300}D", HONEST),
        FINE,
    ),
    "an event of ages": (
        calendar(
            *[f"UID:{n};;DTSTART:19000101T000000Z;;DTEND:29000101T000000Z" for n in range(2000)]
        ),
        TOO_MUCH,
    ),
    "whole days of ages": (
        calendar(
            *[
                f"UID:{n};;DTSTART;VALUE=DATE:19000101;;DTEND;VALUE=DATE:29000101;;TRANSP:OPAQUE"
                for n in range(2000)
            ]
        ),
        TOO_MUCH,
    ),
    "dates and times mixed": (
        calendar(
            "UID:1;;DTSTART;VALUE=DATE:20261201;;DTEND:20261201T090000Z;;RDATE:20261202T1Z", HONEST
        ),
        ANY,
    ),
    # Zones.
    "a zone of seconds": (calendar(IN_EVIL, more=zone("RRULE:FREQ=SECONDLY")), ANY),
    "a zone without rules": (
        calendar(IN_EVIL, more=zone("RRULE:FREQ=NEVER")),
        ("12-01 10:00-11:00",),
    ),
    "a zone that is a path": (
        calendar("UID:1;;DTSTART;TZID=../../../etc/passwd:20261201T100000;;DURATION:PT1H"),
        FINE,
    ),
    "a thousand zones": (
        calendar(IN_EVIL, more="".join(zone(f"X:{n}") for n in range(3_000))),
        ANY,
    ),
    "a zone far off": (
        calendar(IN_EVIL, more=zone("X:1").replace("-0500", "+9959")),
        ANY,
    ),
    "a clock that is a path": (calendar(HONEST, more="X-WR-TIMEZONE:/dev/zero\n"), FINE),
    # The file itself.
    "empty": (b"", NO_CALENDAR),
    "zeros": (b"\0" * 4_000_000, NO_CALENDAR),
    "noise": (bytes(range(256)) * 15_000, NO_CALENDAR),
    "UTF-16": (calendar(HONEST).decode().encode("utf-16"), NO_CALENDAR),
    "zeros between": (calendar(HONEST).replace(b"T", b"\0T\0"), FINE),
    "broken letters": (
        calendar(f"SUMMARY:\udc80;;{HONEST}".replace("\udc80", "?")).replace(b"?", b"\xff\xfe\xc3"),
        FINE,
    ),
    "cut off": (calendar(HONEST)[:-20], DAMAGED),
    "without an end": (b"BEGIN:VCALENDAR\r\n" * 290_000, DAMAGED),
    "ends alone": (b"END:VCALENDAR\r\n" * 300_000, NO_CALENDAR),
    "nested deeply": (nested(100_000), FINE),
    "events in events": (calendar("BEGIN:VEVENT;;" * 100_000 + HONEST), DAMAGED),
    "one line of megabytes": (calendar(f"DESCRIPTION:{'x' * 4_900_000};;{HONEST}"), FINE),
    "one name of megabytes": (calendar(f"{'X' * 4_900_000}:;;{HONEST}"), FINE),
    "a folded line of megabytes": (
        calendar("DESCRIPTION:" + ";; x" * 1_000_000 + f";;{HONEST}"),
        FINE,
    ),
    "a UID of megabytes": (
        calendar(f"{'UID:' + 'x' * 4_900_000};;DTSTART:20261201T150000Z"),
        TOO_MUCH,
    ),
    "blank lines": (b"\r\n" * 2_000_000 + calendar(HONEST), FINE),
    "colons": (calendar(f"DTSTART{':' * 15_000};;{HONEST}"), ANY),
    "quotes": (calendar(f"DTSTART;TZID={chr(34) * 15_001}:20261201T150000Z", HONEST), FINE),
    "parameters": (calendar(f"DTSTART{';X=1' * 4_000}:20261201T150000Z;;DURATION:PT1H"), ANY),
    "too many events": (calendar(*[HONEST.replace("UID:honest;;", "")] * 60_000), TOO_MUCH),
    "events of the past": (calendar(*[HONEST.replace("2026", "1996")] * 45_000, HONEST), FINE),
}
