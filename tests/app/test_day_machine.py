"""A planned family says anything at all, and taps whatever is there: no word is without an answer,
and the week stays sound."""

import json
import os
import random
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from changing import MONDAY, Home, assert_agrees, at_home
from parts import in_browser, last_said, rows, say_to_us, work

from app.clock import tick
from bot.conversations.cards import Event, Tapped, Typed
from bot.incoming import Command
from bot.texts import translator
from core.phrase import say
from db.conversations import Account

SEEDS = range(int(os.environ.get("DAYS", "6")))
"""`DAYS=100` plays that many families, for an evening."""

STEPS = 40
CORPUS = json.loads((Path(__file__).parent.parent / "data" / "said.json").read_text())
SAID = [entry["said"] for entry in CORPUS["said"]]
ODD = [
    "",
    "   ",
    "💥" * 50,
    "done " * 400,
    "\u202e done math",
    "' OR 1=1 --",
    "<b>done</b>",
    "0",
    "-1",
]
COMMANDS = [
    *("today", "week", "change", "review", "year", "reminders", "pause", "resume", "help"),
    *("calendars", "comment", "start"),
]
WORDS = ["", "7:15", "evening off", "quiet 22-6", "3 days", "Spain", "purple", "until monday"]
FAULTS = [translator(code)(say("chat.our_fault")) for code in ("en", "es")]


def anything(
    dice: random.Random, home: Home, account: Account
) -> tuple[Event | Command, int | None]:
    """A word, a command, or a button of any message that the chat shows."""
    roll = dice.random()
    if roll < 0.35:
        return Typed(dice.choice(SAID)), None
    if roll < 0.4:
        return Typed(dice.choice(ODD)), None
    if roll < 0.5:
        return Command(dice.choice(COMMANDS), dice.choice(WORDS)), None
    shown = rows(
        home.conninfo,
        "SELECT id, step, view FROM messages WHERE author = 'us' AND chat_account_id = %s"
        " ORDER BY id DESC LIMIT 3",
        account.id,
    )
    buttons = [
        (message, button["id"])
        for message in shown
        for row in message["view"].get("rows", ())
        for button in row
    ]
    if not buttons:
        return Command("today"), None
    message, option = dice.choice(buttons)
    return Tapped(message["step"] or 0, option), message["id"]


@pytest.mark.parametrize("seed", SEEDS)
async def test_no_word_is_without_an_answer(
    database_url: str, conninfo: str, tmp_path: Path, seed: int
) -> None:
    dice = random.Random(seed)
    async with at_home(database_url, conninfo, tmp_path) as home:
        home.at(MONDAY, "07:00")
        chats = [
            await in_browser(home.services, "s" * 30, home),
            await in_browser(home.services, "e" * 30, home, child_id=home.emma),
        ]
        for _ in range(STEPS):
            account = dice.choice(chats)
            event, message_id = anything(dice, home, account)
            before = latest(home, account)
            await say_to_us(home.services, account, event, message_id=message_id)
            assert latest(home, account) > before, f"{event} was not answered"
            if dice.random() < 0.3:
                home.clock.now += timedelta(minutes=dice.randrange(6 * 60))
                await tick(home.services)
            await work(home.services)
            assert last_said(home.conninfo, account)["view"].get("title") not in FAULTS, event
            assert_agrees(home.conninfo)
        assert failed(home) == []
        thinking = rows(
            home.conninfo, "SELECT view FROM messages WHERE view ->> 'thinking' = 'true'"
        )
        assert thinking == [], "what we were at has come to an end"


def latest(home: Home, account: Account) -> int:
    """How often something was said or edited in a chat."""
    (row,) = rows(
        home.conninfo,
        "SELECT max(revision) AS revision FROM messages WHERE chat_account_id = %s",
        account.id,
    )
    return int(row["revision"] or 0)


def failed(home: Home) -> list[dict[str, Any]]:
    return rows(home.conninfo, "SELECT task_name FROM procrastinate_jobs WHERE status = 'failed'")
