"""Made-up families that are alike for every run: a seed gives the same document everywhere."""

import random
from typing import Any

NAMES = ("Emma", "Noah", "Mia", "Ben", "Zoe", "Leo", "Ana", "Tom")
SUBJECTS = (
    # name, core, frequency, minutes at 6, minutes at 14
    ("Mathematics", True, "daily", 25, 45),
    ("Reading/Language Arts", True, "daily", 25, 45),
    ("Science", True, "2-3_times_per_week", 30, 45),
    ("Social Studies/History", True, "2-3_times_per_week", 30, 45),
    ("Art", False, "once_a_week", 30, 60),
    ("Music", False, "2-3_times_per_week", 15, 30),
    ("Physical Education", False, "2-3_times_per_week", 30, 45),
)
WEEK = "2026-11-30"


def family(children: int, seed: int) -> dict[str, Any]:
    """A family document of `children` (1 to 8) for one week that has room for what is asked."""
    pick = random.Random(f"{children}:{seed}")  # noqa: S311 - made-up families, no secrets
    ages = sorted(pick.randint(6, 15) for _ in range(children))
    return {
        "weekStartDate": WEEK,
        "timezone": "Europe/Madrid",
        "adults": 1 if children < 3 else 2,
        "commitments": [
            {
                "name": "Work",
                "frequency": "weekly",
                "daysOfWeek": ["Tuesday", "Thursday"],
                "startTime": "10:00",
                "endTime": "11:30",
                "scope": "parent",
            }
        ],
        "children": [_child(NAMES[n], age, pick) for n, age in enumerate(ages)],
    }


def _child(name: str, age: int, pick: random.Random) -> dict[str, Any]:
    help_wanted = "full_involvement" if age < 8 else "some_assistance"
    if age >= 12:
        help_wanted = "independent"
    subjects = []
    for subject, core, frequency, youngest, oldest in SUBJECTS:
        minutes = youngest + (oldest - youngest) * (age - 6) // 8
        subjects.append(
            {
                "name": subject,
                "isCoreSubject": core,
                "sessionDuration": minutes // 5 * 5,
                "frequency": frequency,
                "parentInvolvement": help_wanted if core else "minimal_supervision",
                "fixedTimeRequired": False,
                "interestLevel": pick.randint(1, 5),
            }
        )
    return {
        "name": name,
        "age": age,
        "learningPreferences": {
            "bestLearningTimes": ["mid-morning"],
            "homeschoolingHours": {
                "startTime": "09:00",
                "endTime": "14:00" if age < 9 else "15:30",
            },
        },
        "commitments": [],
        "subjects": subjects,
    }
