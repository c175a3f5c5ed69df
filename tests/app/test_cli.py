"""The commands that plan, import and export: what they print, and how they refuse."""

import asyncio
import copy
import json
import os
import pty
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any, TypeAlias

import pytest
from commands import Answer, Command
from real_process import BRIGHTPATH, free_port
from sqlalchemy import select

from db.completion import complete_item
from db.models import ScheduleItem
from db.session import Database

SARAH = Path(__file__).parents[2] / "examples" / "sarah.json"

Document: TypeAlias = dict[str, Any]

PLAN_KEYS = [
    "status",
    "omissions",
    "objective",
    "bound",
    "solveSeconds",
    "scores",
    "children",
    "unscheduled",
    "conflicts",
    "repairs",
    "moved",
]
IMPORT_KEYS = ["familyId", "children", "feeds", "week", "link", "schedules"]


def subject(name: str, **others: object) -> Document:
    return {
        "name": name,
        "isCoreSubject": True,
        "sessionDuration": 30,
        "frequency": "once_a_week",
        "parentInvolvement": "some_assistance",
        **others,
    }


FAMILY: Document = {
    "weekStartDate": "2026-11-30",
    "timezone": "America/New_York",
    "adults": [{"name": "Sarah"}],
    "children": [
        {"name": "Emma", "age": 9, "subjects": [subject("Mathematics"), subject("Latin")]},
        {"name": "Noah", "age": 6, "subjects": [subject("Mathematics")]},
    ],
}


def changed(change: Callable[[Document], object]) -> Document:
    document = copy.deepcopy(FAMILY)
    change(document)
    return document


@pytest.fixture
def file(tmp_path: Path) -> Callable[[object], str]:
    """Writes a document to a file and gives its path."""

    def write(document: object) -> str:
        path = tmp_path / "family.json"
        path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
        return str(path)

    return write


def refusal(answer: Answer) -> str:
    """The one line with which the command refused a document."""
    assert answer.code == 2
    assert answer.out == ""
    assert answer.err.count("\n") == 1
    assert answer.err.endswith("\n")
    return answer.err.strip()


# plan


def test_the_example_is_planned_and_planned_again_without_a_move(
    command: Command, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    settings = {"BRIGHTPATH_HOME": str(home), "DATABASE_URL": "not even an address"}
    answer = command("plan", str(SARAH), "--time-limit", "2", **settings)
    assert answer.code == 0
    plan = json.loads(answer.out)
    assert list(plan) == PLAN_KEYS
    assert plan["status"] in ("optimal", "feasible")
    assert plan["unscheduled"] == []
    assert list(plan["omissions"]) == ["weight", "bound"]
    assert [child["name"] for child in plan["children"]] == ["Noah", "Emma"]
    assert not home.exists(), "planning needs no home"

    again = command(
        "plan", "-", stdin=json.dumps(json.loads(SARAH.read_text()) | {"previous": plan})
    )
    assert again.code == 0
    assert json.loads(again.out)["moved"] == []


def test_two_processes_make_the_same_week(file: Callable[[object], str]) -> None:
    path = file(FAMILY)
    running = [
        subprocess.Popen(
            [BRIGHTPATH, "plan", path],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={"PYTHONHASHSEED": seed, "PYTHONIOENCODING": "ascii"},
        )
        for seed in ("1", "2")
    ]
    weeks = []
    for process in running:
        out, err = process.communicate(timeout=60)
        assert (process.returncode, err) == (0, b"")
        weeks.append(json.loads(out)["children"])
    assert weeks[0] == weeks[1]
    assert [child["name"] for child in weeks[0]] == ["Emma", "Noah"]


def test_names_come_out_in_utf_8_whatever_the_terminal(command: Command) -> None:
    document = changed(lambda d: d["children"][0].update(name="Zoë 王"))
    answer = command("plan", "-", stdin=json.dumps(document, ensure_ascii=False))
    assert "Zoë 王" in answer.out


def test_a_week_that_cannot_hold_everything_is_an_answer(command: Command) -> None:
    hard = [
        subject(name, frequency="daily", sessionDuration=60, parentInvolvement="full_involvement")
        for name in ("Mathematics", "Reading", "Science", "Latin")
    ]
    document = changed(lambda d: [child.update(subjects=hard) for child in d["children"]])
    answer = command("plan", "-", "--time-limit", "1", stdin=json.dumps(document))
    assert answer.code == 0
    plan = json.loads(answer.out)
    assert plan["solveSeconds"] < 5
    assert plan["status"] == "partial"
    assert plan["omissions"]["weight"] >= plan["omissions"]["bound"] > 0
    assert plan["unscheduled"]
    for left in plan["unscheduled"]:
        assert left.keys() == {"child", "subject", "missing", "reason"}
        assert left["missing"] > 0
        assert left["subject"] in left["reason"]
    assert any("Sarah" in conflict and "short" in conflict for conflict in plan["conflicts"])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d.update(colour="blue"), ["colour", "known here are weekStartDate"]),
        (lambda d: d["children"][1].update(agee=6), ["children[1].agee", "age"]),
        (lambda d: d.pop("weekStartDate"), ["weekStartDate", "missing"]),
        (lambda d: d.update(weekStartDate="2026-12-01"), ["weekStartDate", "Monday"]),
        (lambda d: d.update(timezone="New York"), ["timezone", "America/New_York"]),
        (lambda d: d.update(adults=0), ["adults", "1 to 20"]),
        (lambda d: d.update(children={}), ["children", "list"]),
        (lambda d: d["children"][0].update(age=19), ["children[0].age", "18"]),
        (lambda d: d["children"][0].update(name="a\nb" * 60), ["children[0].name", "80"]),
        (lambda d: d["children"][1].update(name=" EMMA "), ["children[1].name", "already"]),
        (
            lambda d: d["children"][0]["subjects"][1].update(name="mathematics"),
            ["children[0].subjects[1].name", "already"],
        ),
        (
            lambda d: d["children"][0]["subjects"][0].update(sessionDuration=31),
            ["children[0].subjects[0].sessionDuration", "5"],
        ),
        (
            lambda d: d["children"][0]["subjects"][0].update(frequency="often"),
            ["children[0].subjects[0].frequency", "daily"],
        ),
        (
            lambda d: d["children"][0]["subjects"][0].update(fixedTimeRequired=True),
            ["children[0].subjects[0].preferredTime", "missing"],
        ),
        (
            lambda d: [
                child["subjects"][0].update(teachTogether=True, sessionDuration=15 * number)
                for number, child in enumerate(d["children"], 1)
            ],
            ["children[1].subjects[0].sessionDuration", "taught together"],
        ),
        (lambda d: d.update(now="noon"), ["now", "2025-04-08T11:00"]),
        (
            lambda d: d.update(dropped=[{"child": "Emma", "subject": "Art", "date": "2026-12-01"}]),
            ["dropped[0].subject", "Mathematics, Latin"],
        ),
    ],
)
def test_a_bad_document_is_refused_in_one_line(
    command: Command, change: Callable[[Document], object], said: list[str]
) -> None:
    line = refusal(command("plan", "-", stdin=json.dumps(changed(change))))
    assert line.startswith(f"{said[0]}: ")
    for part in said:
        assert part in line


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is not JSON"),
        ("{", "is not JSON"),
        ('{"timezone": "UTC",\n}', "line 2"),
        ("[]", "must be an object"),
        ("7", "must be an object"),
        ("null", "must be an object"),
        ("[" * 100_000, "nested too deeply"),
        ("[" * 100_000 + "]" * 100_000, "nested too deeply"),
        ('{"timezone": ' + "9" * 5000 + "}", "too many digits"),
        ('{"timezone": NaN, "children": []}', "finite"),
        (b"\xff\xfe{}", "is not UTF-8"),
    ],
)
def test_what_is_no_document_is_refused_in_one_line(
    command: Command, text: str | bytes, said: str
) -> None:
    assert said in refusal(command("plan", "-", stdin=text))


def test_a_file_that_cannot_be_read_is_refused_in_one_line(
    command: Command, tmp_path: Path
) -> None:
    missing = tmp_path / "missing.json"
    assert refusal(command("plan", str(missing))).startswith(f"{missing}: ")
    assert "directory" in refusal(command("plan", str(tmp_path)))


def test_the_reasons_go_beside_the_document(command: Command) -> None:
    answer = command("plan", "-", "--explain", stdin=json.dumps(FAMILY))
    plan = json.loads(answer.out)
    assert list(plan) == PLAN_KEYS
    lines = answer.err.splitlines()
    assert [line for line in lines if not line.startswith(" ")] == ["Emma", "Noah"]
    places = [line.strip() for line in lines if line.startswith("    ")]
    lessons = [
        f"{item['startTime']} {item['name']}: "
        for child in plan["children"]
        for day in child["scheduleData"]["days"]
        for item in day["items"]
        if item["type"] in ("subject", "lunch")
    ]
    assert len(places) == len(lessons) > 0
    for place, lesson in zip(places, lessons, strict=True):
        assert place.startswith(lesson)
        assert place.endswith(".")
    assert command("plan", "-", stdin=json.dumps(FAMILY)).err == ""


def test_a_terminal_sees_how_far_planning_is(file: Callable[[object], str]) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", "from app.cli import main; main()", "plan", file(FAMILY)],
        stdout=subprocess.PIPE,
        stderr=theirs,
        cwd=SARAH.parents[1],
        env=os.environ | {"TERM": "xterm", "COLUMNS": "80"},
    )
    os.close(theirs)
    shown = b""
    with os.fdopen(ours, "rb", buffering=0) as screen, suppress(OSError):
        # Once nobody writes to it any more, a terminal fails to be read.
        while part := screen.read(4096):
            shown += part
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert list(json.loads(out)) == PLAN_KEYS
    assert b"Planning" in shown
    assert b"%" in shown


def test_without_a_compiler_it_takes_longer_and_says_so(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.kernel.arrays.COMPILED", False)
    answer = command("plan", "-", stdin=json.dumps(FAMILY))
    assert list(json.loads(answer.out)) == PLAN_KEYS
    assert answer.err.count("\n") == 1
    assert "takes longer" in answer.err
    assert "numba" in answer.err


@pytest.mark.parametrize("limit", [0.1, 1])
def test_a_time_limit_is_kept(command: Command, limit: float) -> None:
    command("plan", str(SARAH), "--time-limit", "1")  # the engine is loaded, and compiled
    began = monotonic()
    answer = command("plan", str(SARAH), "--time-limit", str(limit))
    assert answer.code == 0
    assert monotonic() - began < limit + 3


def test_a_time_limit_that_makes_no_sense_is_refused(command: Command) -> None:
    for wrong in ("0", "-1", "soon"):
        answer = command("plan", "-", "--time-limit", wrong, stdin=json.dumps(FAMILY))
        assert answer.code == 2
        assert "--time-limit" in answer.err


# import and export


@pytest.fixture
def database(database_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a migrated database, which the commands use."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    return database_url


@pytest.fixture
def imported(command: Command, database: str) -> Document:
    """A family that is in the database, as `import` printed it."""
    answer = command("import", "-", stdin=json.dumps(FAMILY))
    assert answer.code == 0, answer.err
    printed: Document = json.loads(answer.out)
    return printed


def test_import_prints_ids_and_addresses(command: Command, imported: Document) -> None:
    assert list(imported) == IMPORT_KEYS
    assert imported["familyId"] == 1
    assert imported["children"] == [{"id": 1, "name": "Emma"}, {"id": 2, "name": "Noah"}]
    feeds = imported["feeds"]
    assert list(feeds) == ["family", "children", "adults"]
    assert list(feeds["children"]) == ["Emma", "Noah"]
    assert list(feeds["adults"]) == ["Sarah"]
    addresses = [feeds["family"], *feeds["children"].values(), *feeds["adults"].values()]
    assert len(set(addresses)) == 4
    assert all(
        address.startswith("http://127.0.0.1:8000/feeds/") and address.endswith(".ics")
        for address in addresses
    )
    assert imported["week"].startswith("http://127.0.0.1:8000/week/")
    assert imported["schedules"]


def test_a_known_email_is_refused_and_changes_nothing(command: Command, database: str) -> None:
    document = changed(lambda d: d["children"].pop(0))
    document["parent"] = {"name": "Sarah", "email": "sarah@example.com"}
    assert command("import", "-", stdin=json.dumps(document)).code == 0
    document["parent"] = {"name": "Other", "email": "Sarah@Example.com"}
    line = refusal(command("import", "-", stdin=json.dumps(document)))
    assert line.startswith("parent.email: ")
    assert command("export", "1").code == 0
    assert refusal(command("export", "2")) == "There is no family 2."


def test_import_refuses_a_bad_document_in_one_line(command: Command, database: str) -> None:
    wrong = changed(lambda d: d["children"][0].update(age=1))
    assert refusal(command("import", "-", stdin=json.dumps(wrong))).startswith("children[0].age: ")
    wrong = FAMILY | {"parent": {"name": "Sarah", "email": "sarah"}}
    assert refusal(command("import", "-", stdin=json.dumps(wrong))).startswith("parent.email: ")


def test_what_export_prints_import_takes(
    command: Command, imported: Document, database: str
) -> None:
    asyncio.run(tick_off_one_lesson(database))
    answer = command("export", "1")
    assert answer.code == 0
    exported = json.loads(answer.out)
    assert [child["name"] for child in exported["children"]] == ["Emma", "Noah"]
    assert len(exported["schedules"]) == len(imported["schedules"])
    assert {schedule["child"] for schedule in exported["schedules"]} == {"Emma", "Noah"}
    lessons = {
        item["name"]
        for schedule in exported["schedules"]
        for day in schedule["scheduleData"]["days"]
        for item in day["items"]
    }
    assert {"Mathematics", "Latin"} <= lessons
    (log,) = exported["activityLogs"]
    assert log["actual"]["completed"] is True
    assert exported["userFeedback"] == []

    again = command("import", "-", stdin=answer.out)
    assert again.code == 0, again.err
    assert json.loads(again.out)["familyId"] == 2
    copied = json.loads(command("export", "2").out)
    beside = {"schedules", "activityLogs", "userFeedback", "exportedAt"}
    assert {key: copied[key] for key in copied.keys() - beside} == {
        key: exported[key] for key in exported.keys() - beside
    }


async def tick_off_one_lesson(url: str) -> None:
    """What a tap on "Done" stores."""
    database = Database(url)
    try:
        async with database.transaction(family_id=1) as session:
            uid = await session.scalar(
                select(ScheduleItem.uid).where(ScheduleItem.item_type == "subject").limit(1)
            )
            await complete_item(session, 1, uid or "", datetime.now(UTC), by="parent")
    finally:
        await database.close()


@pytest.mark.parametrize("number", ["7", "0", "-1", str(2**31), str(10**30)])
def test_an_unknown_family_is_refused_in_one_line(
    command: Command, database: str, number: str
) -> None:
    line = refusal(command("export", "--", number))
    assert line == f"There is no family {number}."


# what every command does alike


COMMANDS = [
    ["run"],
    ["web"],
    ["worker"],
    ["clock"],
    ["migrate"],
    ["import", str(SARAH)],
    ["export", "1"],
]


@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda arguments: arguments[0])
def test_a_database_out_of_reach_is_one_line(command: Command, arguments: list[str]) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        url = f"postgresql://brightpath:canary@127.0.0.1:{port}/brightpath"
        answer = command(*arguments, DATABASE_URL=url, PORT=str(free_port()))
    assert answer.code == 1
    assert answer.out == ""
    assert answer.err.count("\n") == 1
    assert "database cannot be reached" in answer.err
    assert "DATABASE_URL" in answer.err
    assert "canary" not in answer.err
