"""One person in several chats: one draft, the same card everywhere, nothing lost."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from parts import SUNDAY_EVENING, opened, rows, work
from players import DEFAULTS, Player, browser
from whole_program import Clock

from app.chat import WebConversations
from app.services import Services
from bot.conversations.cards import Opened
from bot.views import View
from bot.webchat import Session


@pytest.fixture
def clock() -> Clock:
    return Clock(SUNDAY_EVENING)


async def two_devices(services: Services, conninfo: str, so_far: int) -> tuple[Player, Player]:
    """Sarah at her phone after some answers, and at her laptop, which has just joined."""
    phone, laptop = await browser(services, conninfo), await browser(services, conninfo)
    await phone.come()
    await phone.say(*DEFAULTS[:so_far])
    await laptop.come()
    await join(phone, laptop)
    return phone, laptop


async def join(phone: Player, laptop: Player) -> None:
    card = await phone.say("/link")
    code = next(line.split()[-1] for line in card.lines if "-" in line)
    await laptop.say(f"/link {code}")


async def test_both_devices_show_the_same_question_whoever_answers(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        phone, laptop = await two_devices(services, conninfo, 7)
        assert (await laptop.card()).title == "Anyone else?"
        await laptop.say("Ben 4")
        assert await same_question(phone, laptop)
        assert "Ben, 4" in (await living(phone)).lines
        await phone.say("@continue")
        assert (await living(laptop)).title == (await living(phone)).title
        await laptop.say("@back", "@remove-temp_child_3", "@continue")
        assert await same_question(phone, laptop)
        assert (
            len(
                rows(
                    conninfo,
                    "SELECT 1 FROM questionnaire_sessions WHERE "
                    "session_data->>'currentSection' = '3'",
                )
            )
            == 1
        )


async def living(player: Player) -> View:
    """The question that a chat shows: its newest card with a progress line."""
    return [view for _, _, view in await player.see() if view.progress][-1]


async def same_question(one: Player, other: Player) -> bool:
    """Whether both show the same question in the same state; only one is told what was wrong."""
    cards = [(await living(player)).model_copy(update={"notice": None}) for player in (one, other)]
    return cards[0] == cards[1]


async def test_an_old_button_of_the_other_device_is_stale(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        phone, laptop = await two_devices(services, conninfo, 7)
        before = [(n, step) for n, step, view in await laptop.see() if view.progress][-1]
        await phone.say("@continue")
        await laptop.tap(*before, "continue")
        assert (await living(laptop)).notice is not None
        assert (await phone.state())["currentSection"] == 3


async def test_what_only_the_second_device_knew_goes_into_the_draft(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        phone, laptop = await browser(services, conninfo), await browser(services, conninfo)
        await phone.come()
        await phone.say("@agree")
        await laptop.come()
        await laptop.say(*DEFAULTS[:8])
        await join(phone, laptop)
        assert "Emma" in str((await phone.state())["draftResponses"])
        assert await same_question(phone, laptop)


async def test_the_week_appears_on_both(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        phone, laptop = await two_devices(services, conninfo, 7)
        await laptop.say(*DEFAULTS[7:], "@accept")
        await work(services)
        for player in (phone, laptop):
            assert "Emma and Noah's week is ready" in await player.titles()
        assert {row["family_id"] for row in rows(conninfo, "SELECT * FROM chat_accounts")} == {1}
        assert len({row["adult_id"] for row in rows(conninfo, "SELECT * FROM chat_accounts")}) == 1
        # The answers are in the family's rows, and nowhere else.
        for draft in rows(conninfo, "SELECT session_data FROM questionnaire_sessions"):
            assert "Emma" not in str(draft["session_data"])


async def test_a_code_joins_nobody_to_themselves_and_works_once(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        phone, laptop = await two_devices(services, conninfo, 3)
        await join(phone, laptop)
        assert "does not open anything" in " ".join(await laptop.titles())
        stranger = await browser(services, conninfo)
        card = await phone.say("/link")
        code = next(line.split()[-1] for line in card.lines if "-" in line)
        clock.now += timedelta(minutes=16)
        await stranger.say(f"/start {code}")
        assert stranger.account.draft_owner == stranger.account.id


async def test_a_code_from_before_the_family_joins_the_family(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        phone, laptop = await browser(services, conninfo), await browser(services, conninfo)
        await phone.come()
        await phone.say(*DEFAULTS)
        card = await phone.say("/link")
        code = next(line.split()[-1] for line in card.lines if "-" in line)
        await phone.say("@accept")
        await work(services)
        await laptop.say(f"/link {code}")
        assert laptop.account.family_id == phone.account.family_id == 1
        assert laptop.account.adult_id == phone.account.adult_id
        assert "Emma and Noah's week is ready" in await laptop.titles()
        assert "Emma and Noah's week is ready" in await phone.titles()


async def test_crossed_codes_make_one_draft(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        phone, laptop = await browser(services, conninfo), await browser(services, conninfo)
        await phone.come()
        await laptop.come()
        codes = []
        for player in (phone, laptop):
            card = await player.say("/link")
            codes.append(next(line.split()[-1] for line in card.lines if "-" in line))
        await laptop.say(f"/link {codes[0]}")
        await phone.say(f"/link {codes[1]}")
        assert phone.account.draft_owner == laptop.account.draft_owner == phone.account.id


async def test_forgetting_before_there_is_a_family_forgets_all_chats(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        _, laptop = await two_devices(services, conninfo, 7)
        await laptop.say("/forget", "@forget-yes")
        assert rows(conninfo, "SELECT 1 FROM questionnaire_sessions") == []
        assert len(rows(conninfo, "SELECT 1 FROM messages")) == 1
        assert rows(conninfo, "SELECT 1 FROM consents") == []


async def test_an_answer_is_opened_again_where_it_stands(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        sarah = await browser(services, conninfo)
        await sarah.come()
        await sarah.say(*DEFAULTS[:8])
        line = next(view for _, _, view in await sarah.see() if view.title == "You: Sarah")
        assert line.shrunk
        assert [button.id for row in line.rows for button in row] == ["again-name"]
        await sarah.say("@again-name")
        assert (await living(sarah)).title == "What should we call you?"
        await sarah.say("Sally")
        assert "whole family" in (await living(sarah)).title
        titles = await sarah.titles()
        assert "You: Sally" in titles
        assert "You: Sarah" not in titles


async def test_a_change_of_language_turns_the_card(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        phone, laptop = await two_devices(services, conninfo, 7)
        await laptop.say("/es")
        assert (await living(laptop)).title != (await living(phone)).title == "Anyone else?"
        await phone.say("Ben 4")
        assert "Ben, 4" in (await living(laptop)).lines
        assert (await living(laptop)).title != (await living(phone)).title


async def test_a_rest_stays_a_rest_in_another_language(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        phone, laptop = await two_devices(services, conninfo, 7)
        await laptop.say("@later", "/es")
        for player in (phone, laptop):
            assert (await living(player)).offers("resume")
        await laptop.say("@resume")
        assert (await living(phone)).offers("continue")


async def test_newer_questions_turn_the_card_everywhere(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        phone, laptop = await two_devices(services, conninfo, 8)
        flow = services.dialogue.questionnaire
        newer = replace(services.dialogue, questionnaire=replace(flow, version=flow.version + 1))
        phone.services = laptop.services = replace(services, dialogue=newer)
        await phone.come()
        assert await same_question(phone, laptop)
        await laptop.say("@none")
        assert "What does Emma go to" in (await living(phone)).title


async def test_what_a_channel_tells_of_the_parent_is_offered_everywhere(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        phone, laptop = await two_devices(services, conninfo, 3)
        await WebConversations(services).receive(
            Session(laptop.account.id, "en"), Opened(), key="1", timezone="America/Bogota"
        )
        assert (await living(laptop)).offers("accept")
        assert await same_question(phone, laptop)


@pytest.mark.parametrize("away", [timedelta(minutes=5), timedelta(days=30), timedelta(days=300)])
async def test_every_answer_is_there_after_a_restart_and_a_long_time(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock, away: timedelta
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        sarah = await browser(services, conninfo)
        await sarah.come()
        await sarah.say(*DEFAULTS[:12], "Chess 2x 20 min")
        before, card = await sarah.state(), await living(sarah)
        account = sarah.account
    clock.now += away
    async with opened(database_url, tmp_path, clock) as services:
        sarah = Player(services, conninfo, account)
        await sarah.come()
        assert (await living(sarah)).lines == card.lines
        after = await sarah.state()
        for key in ("draftResponses", "halfMade", "currentSection", "progress"):
            assert after[key] == before[key]
        await sarah.say(*DEFAULTS[12:], "@accept")
        assert sarah.account.family_id == 1
