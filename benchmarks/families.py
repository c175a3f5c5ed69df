"""Made-up families that are alike for every run: a seed gives the same document everywhere.

Their mix (ages, lengths, frequencies, how much help is wanted, commitments, subjects that siblings
share, second adults who work) is meant to be that of families who teach at home; `full` asks more
of the children's hours and of the adults than the week has.
"""

import random
from typing import Any

NAMES = ("Emma", "Noah", "Mia", "Ben", "Zoe", "Leo", "Ana", "Tom")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
WEEK = "2026-11-30"

DAILY, SOME, WEEKLY, RARE = "daily", "2-3_times_per_week", "once_a_week", "occasionally"
SESSIONS = {DAILY: 5.0, SOME: 2.5, WEEKLY: 1.0, RARE: 0.5}
SUBJECTS = (
    # name, frequency, core
    ("Mathematics", DAILY, True),
    ("Reading", DAILY, True),
    ("Writing", SOME, True),
    ("Science", SOME, True),
    ("History", SOME, True),
    ("Spanish", SOME, False),
    ("Music", SOME, False),
    ("Art", WEEKLY, False),
    ("Sports", SOME, False),
    ("Programming", WEEKLY, False),
    ("Geography", WEEKLY, False),
    ("Spelling", DAILY, True),
    ("Nature Study", RARE, False),
    ("Typing", SOME, False),
    ("Chess", RARE, False),
    ("Bible", DAILY, False),
)
SHARED = ("Bible", "History", "Science", "Art", "Music", "Sports", "Nature Study")
LENGTHS = (
    (15, 15, 20, 20, 25, 30),
    (20, 25, 30, 30, 40, 45),
    (30, 40, 45, 45, 50, 60),
    (40, 45, 50, 60, 60, 75),
)
HELP = ("full_involvement", "some_assistance", "minimal_supervision", "independent")
ATTENTION = (1.0, 0.5, 0.2, 0.0)
HELP_BY_BAND = ((60, 25, 15, 0), (30, 40, 20, 10), (10, 30, 35, 25), (3, 17, 35, 45))
TIMES = ("early_morning", "mid-morning", "mid-morning", "early_afternoon", "late_afternoon")


def family(children: int, seed: int, *, full: bool = False) -> dict[str, Any]:
    """A family document of `children` (1 to 8) for one week: one that has room for what is asked,
    or (`full`) one that most likely has not."""
    pick = random.Random(f"{children}:{seed}:{full}")  # noqa: S311 - made-up families, no secrets
    adults = 1 if pick.random() < 0.45 else 2
    ages = sorted(pick.randint(5, 17) for _ in range(children))
    opening = pick.choice((510, 540, 540, 570))
    kids = [_child(NAMES[n], age, opening, pick) for n, age in enumerate(ages)]
    groups: list[Any] = []
    if children > 1:
        for name in pick.sample(SHARED, pick.choice((0, 1, 2, 2, 3))):
            size = pick.randint(2, min(children, 4))
            first = pick.randint(0, children - size)
            groups.append(_subject(name, kids[first : first + size], pick))
    for kid in kids:
        _fill(kid, groups, pick, pick.uniform(0.95, 1.25) if full else pick.uniform(0.55, 0.82))
    parents = _adults_away(adults, pick)
    hours = sum(
        adults * (max(kid["end"] for kid in kids) - min(kid["start"] for kid in kids)) for _ in DAYS
    ) - sum(end - start for _, _, start, end in parents)
    _share_out(groups, (1.05 if full else 0.72) * hours, pick)
    commitments = [
        {
            "name": f"Appointment {number + 1}",
            "frequency": "weekly",
            "daysOfWeek": [DAYS[day]],
            "startTime": _clock(start),
            "endTime": _clock(end),
            "scope": "parent",
            "adult": f"Adult {adult + 1}",
        }
        for number, (adult, day, start, end) in enumerate(parents)
    ]
    if pick.random() < 0.5:
        start = pick.choice((540, 600, 780))
        commitments.append(
            {
                "name": "Co-op",
                "frequency": "weekly",
                "daysOfWeek": [pick.choice(DAYS)],
                "startTime": _clock(start),
                "endTime": _clock(start + pick.choice((60, 120, 180))),
                "scope": "family",
            }
        )
    return {
        "weekStartDate": WEEK,
        "timezone": "Europe/Madrid",
        "adults": adults,
        "commitments": commitments,
        "children": [_document(kid, groups) for kid in kids],
    }


def _child(name: str, age: int, opening: int, pick: random.Random) -> dict[str, Any]:
    band = 0 if age <= 7 else 1 if age <= 10 else 2 if age <= 13 else 3
    start = opening + pick.choice((0, 0, 0, 30, -30))
    lengths = ((180, 210, 240), (240, 270, 300), (300, 330, 360), (330, 360, 420))[band]
    days = [*DAYS]
    if pick.random() < 0.15:
        days.remove(pick.choice(days))
    own = []
    if pick.random() < 0.6:
        begin = pick.choice((600, 660, 780, 810, 840))
        own.append((pick.choice(days), begin, begin + pick.choice((45, 60, 90))))
    return {
        "name": name,
        "age": age,
        "band": band,
        "start": start,
        "end": start + pick.choice(lengths),
        "days": days,
        "best": sorted(set(pick.sample(TIMES, 2))),
        "own": own,
    }


def _subject(
    name: str, kids: list[dict[str, Any]], pick: random.Random
) -> tuple[tuple[dict[str, Any], ...], dict[str, Any]]:
    """One subject for the children who have it (together, if they are several)."""
    band = min(kid["band"] for kid in kids)
    frequency, core = next((often, core) for known, often, core in SUBJECTS if known == name)
    minutes = pick.choice(LENGTHS[band])
    wanted = pick.choices(range(4), HELP_BY_BAND[band])[0]
    if len(kids) > 1:
        wanted = min(wanted, 2)
    room = min(kid["end"] for kid in kids) - minutes - max(kid["start"] for kid in kids)
    fixed = frequency in (SOME, WEEKLY) and room > 0 and pick.random() < 0.06
    return tuple(kids), {
        "name": name,
        "core": core,
        "frequency": frequency,
        "minutes": minutes,
        "help": wanted,
        "interest": {kid["name"]: pick.randint(1, 5) for kid in kids},
        "fixed": max(kid["start"] for kid in kids) + 30 * pick.randint(0, room // 30)
        if fixed
        else None,
    }


def _fill(kid: dict[str, Any], groups: list[Any], pick: random.Random, share: float) -> None:
    """Gives a child subjects until they and their breaks take this share of the free hours."""
    lunch = 30 if kid["end"] >= 780 else 0
    free = len(kid["days"]) * (kid["end"] - kid["start"] - lunch)
    free -= sum(end - start for _, start, end in kid["own"])
    mine = [subject for kids, subject in groups if kid in kids]
    load = sum(SESSIONS[subject["frequency"]] * (subject["minutes"] + 10) for subject in mine)
    names = [name for name, _, _ in SUBJECTS]
    for name in (*names[:2], *pick.sample(names[2:], len(names) - 2)):
        if name in {subject["name"] for subject in mine} or len(mine) >= 10:
            continue
        group = _subject(name, [kid], pick)
        more = SESSIONS[group[1]["frequency"]] * (group[1]["minutes"] + 10)
        if load + more > share * free and len(mine) >= 4:
            continue
        load += more
        groups.append(group)
        mine.append(group[1])


def _adults_away(adults: int, pick: random.Random) -> list[tuple[int, int, int, int]]:
    """(adult, day, start, end) of what takes adults away; a second one mostly works."""
    away = []
    if adults == 2:
        away += [(1, day, 540, 720) for day in pick.sample(range(5), pick.choice((2, 3, 4)))]
    for adult in range(adults):
        for _ in range(pick.choice((0, 1, 2))):
            start = pick.choice((540, 600, 630, 720, 780))
            away.append((adult, pick.randrange(5), start, start + pick.choice((30, 60, 60, 90))))
    return away


def _share_out(groups: list[Any], most: float, pick: random.Random) -> None:
    """Has the oldest work more on their own until the adults' hours bear the rest."""
    order = sorted(
        pick.sample(groups, len(groups)), key=lambda each: -max(kid["age"] for kid in each[0])
    )
    for turn in range(3 * len(order)):
        load = sum(
            SESSIONS[subject["frequency"]] * subject["minutes"] * ATTENTION[subject["help"]]
            for _, subject in groups
        )
        if load <= most:
            return
        kids, subject = order[turn % len(order)]
        if subject["help"] < 2 or (subject["help"] == 2 and len(kids) == 1):
            subject["help"] += 1


def _document(kid: dict[str, Any], groups: list[Any]) -> dict[str, Any]:
    return {
        "name": kid["name"],
        "age": kid["age"],
        "schoolDays": kid["days"],
        "learningPreferences": {
            "bestLearningTimes": kid["best"],
            "homeschoolingHours": {
                "startTime": _clock(kid["start"]),
                "endTime": _clock(kid["end"]),
            },
        },
        "commitments": [
            {
                "name": "Club",
                "frequency": "weekly",
                "daysOfWeek": [day],
                "startTime": _clock(start),
                "endTime": _clock(end),
            }
            for day, start, end in kid["own"]
        ],
        "subjects": [
            {
                "name": subject["name"],
                "isCoreSubject": subject["core"],
                "sessionDuration": subject["minutes"],
                "frequency": subject["frequency"],
                "parentInvolvement": HELP[subject["help"]],
                "fixedTimeRequired": subject["fixed"] is not None,
                "interestLevel": subject["interest"][kid["name"]],
                **({"teachTogether": True} if len(kids) > 1 else {}),
                **(
                    {"preferredTime": _clock(subject["fixed"])}
                    if subject["fixed"] is not None
                    else {}
                ),
            }
            for kids, subject in groups
            if kid in kids
        ],
    }


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
