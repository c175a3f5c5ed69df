"""Whatever one person does in two chats, in whatever order, their conversation stands.

Random events (any words, any button ever shown, Back, restarts, another language) always end in a
valid state that both chats show; Back and the same answer again changes nothing; no answer is ever
lost; no state has no way out. A failing example prints what happened, in order.

`CONVERSATIONS=1000` plays that many, at random and shrunk when they fail, instead of the few that
are always the same.
"""

import asyncio
import json
import os
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from botapi.server import BotApiServer
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)
from parts import SUNDAY_EVENING
from two_chats import LAPTOP, OURS, PHONE, STRANGER, Button, Said, Seen, TwoChats
from ways import ANYWHERE, HOSTILE, LONGEST_WAY, PLAUSIBLE, facts, onward, some_way, way_out
from whole_program import Clock

from bot.conversations.cards import Card
from bot.conversations.flow import (
    AGAIN,
    RESUME,
    Flow,
    Place,
    State,
    current,
    look,
    places_of,
)
from bot.conversations.hearing import LATER
from bot.conversations.session import from_session, to_session
from bot.interview import CHANGED, LIVING, PURPOSE, SETTINGS
from bot.texts import translator
from bot.views import View, render
from db.types import QuestionnaireSession, read

LONG_RUN = os.environ.get("CONVERSATIONS")
EXAMPLES, STEPS = 14, 25
COMMANDS = (
    "/start",
    "/es",
    "/en",
    "/language es",
    "/help",
    "/link",
    "/settings",
    "/calendars",
    "/today",
    "/week",
)
INTERRUPTIONS = ("linked", "again", "restart", "newer", "time passes")
WAITS = (0.1, 2, 30, 24 * 40, 24 * 400)
"""Hours."""
NUMBERS = st.integers(0, 99)
CHATS = st.sampled_from(OURS)
WORDS = st.one_of(st.sampled_from((*ANYWHERE, *HOSTILE)), st.text(max_size=60))


class Conversation(RuleBasedStateMachine):
    """Sarah at her phone and her laptop, which are joined; and a stranger at theirs."""

    def __init__(self, chats: TwoChats) -> None:
        super().__init__()
        self.chats = chats
        self.runner = asyncio.Runner()
        self.ever: dict[Button, str] = {}
        self.seen: Seen

    # -- Events --

    @initialize(
        begins=CHATS,
        far=st.integers(0, 34),
        other_far=st.sampled_from((0, 0, 1, 5, 9, 20)),
        choices=st.lists(NUMBERS, min_size=6, max_size=6),
    )
    def two_chats_become_one_persons(
        self, begins: str, far: int, other_far: int, choices: list[int]
    ) -> None:
        joins = PHONE if begins == LAPTOP else LAPTOP
        flow, today = self._run(self._opened()), self.chats.clock.now.date()
        self._run(self.chats.arrive(STRANGER, some_way(flow, 8, choices, today)))
        first = some_way(flow, far, choices, today)
        self._run(self.chats.arrive(begins, first))
        second = some_way(flow, other_far, choices[::-1], today)
        self._run(self.chats.arrive(joins, second))
        note(f"{begins} has come {far} steps, {joins} {other_far}, and joins")
        self._run(self.chats.link(begins, joins))
        self.seen = self._run(self.chats.see())
        self._remember()
        now, half = answers(self.seen), (self.seen.draft or {})["halfMade"]
        assert_same({key: now.get(key) for key in first.answers}, first.answers)
        # Of two families' children one family's stay, with all that is said of them.
        of_both = lambda key: "." not in key or "children" not in first.answers  # noqa: E731
        assert {key for key in second.answers if of_both(key)} <= {*now}
        assert {key for key in second.drafts if of_both(key)} <= {*now, *half}
        self._check_state()
        self._check_cards()

    async def _opened(self) -> Flow:
        await self.chats.open()
        return self.chats.questionnaire

    @rule(chat=CHATS, number=NUMBERS)
    def tap(self, chat: str, number: int) -> None:
        self._tap_nth(chat, number)

    @rule(chat=CHATS, number=NUMBERS)
    def type_an_answer(self, chat: str, number: int) -> None:
        here = self._here()
        words = PLAUSIBLE.get(here.question.key, ANYWHERE) if here else ANYWHERE
        self._type(chat, words[number % len(words)])

    @rule(chat=CHATS, words=WORDS)
    def type_anything(self, chat: str, words: str) -> None:
        self._type(chat, words)

    @rule(chat=CHATS, times=st.integers(1, 4))
    def go_on(self, chat: str, times: int) -> None:
        for _ in range(times):
            if is_asked(self.seen) and self._living(chat) is not None:
                self._onward(chat, 0)

    @rule(chat=st.sampled_from((PHONE, LAPTOP, STRANGER)), number=st.integers(0, 9999))
    def tap_what_was_ever_shown(self, chat: str, number: int) -> None:
        buttons = [
            b for b, shown_to in self.ever.items() if (chat, shown_to) != (STRANGER, STRANGER)
        ]
        self._tap(chat, buttons[number % len(buttons)])

    @rule(chat=CHATS, number=NUMBERS)
    def open_an_answer_again(self, chat: str, number: int) -> None:
        lines = [
            Button(said.id, said.step, button.id)
            for said in self.seen.said[chat]
            for row in said.view.rows
            for button in row
            if button.id.startswith(AGAIN)
        ]
        if lines:
            self._tap(chat, lines[number % len(lines)])

    @rule(chat=CHATS)
    def rest(self, chat: str) -> None:
        self._tap_if_there(chat, LATER)
        self._tap_if_there(chat, RESUME)

    @rule(chat=CHATS, other=CHATS)
    def go_back_and_give_the_same_answer(self, chat: str, other: str) -> None:
        before, here = self.seen, self._here()
        if settings_open(before) or not self._tap_if_there(chat, "back"):
            return
        assert answers(self.seen) == answers(before)
        former = self._here()
        assert former is not None
        if former.id in (self.seen.draft or {})["halfMade"]:
            # What its card offers is what was half-made, not the same answer.
            return
        self._onward(other, 0)
        assert answers(self.seen) == answers(before)
        now = self._here()
        assert here is not None
        assert now is not None
        assert now.id == here.id

    @rule(chat=CHATS, command=st.sampled_from(COMMANDS))
    def command(self, chat: str, command: str) -> None:
        self._happens(f"{chat} types {command}", self.chats.write(chat, command))

    @rule(chat=CHATS, number=NUMBERS, what=st.sampled_from(INTERRUPTIONS))
    def something_else_happens(self, chat: str, number: int, what: str) -> None:
        before = self.seen
        match what:
            case "linked":
                other = OURS[number % 2]
                self._happens(f"{chat} gives {other} a code", self.chats.link(chat, other))
            case "again":
                again = self.chats.redeliver(number)
                self._happens(f"what came {number} events ago comes again", again)
                assert self.seen.rows == before.rows
            case "restart":
                self._happens("the program starts again", self.chats.restart())
                assert self.seen.rows == before.rows
            case "newer":
                self._run(self.chats.restart(newer=True))
                # Settings that are open wait for somebody to look at them again.
                start = self.chats.write(chat, "/settings" if settings_open(before) else "/start")
                told = f"the questions are newer, and {chat} comes back"
                self._happens(told, start, drops_drafts=True)
            case _:
                hours = WAITS[number % len(WAITS)]
                note(f"{hours} hours pass")
                self.chats.clock.now += timedelta(hours=hours)

    @precondition(lambda self: self.seen.family_id is not None)
    @rule(
        chat=CHATS,
        other=CHATS,
        changes=st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), min_size=1, max_size=3),
        end=st.sampled_from(("accept", "accept", "leave", "none")),
    )
    def change_settings(
        self, chat: str, other: str, changes: list[tuple[int, int, int]], end: str
    ) -> None:
        """Some questions are answered anew, by words or by any button; then what has come of it
        is saved or given up, or waits."""
        self.command(chat, "/settings")
        for section, place, answer in changes:
            self._back_to_the_list(chat)
            self._tap_if_there(chat, f"edit-{section % 7 + 1}")
            self._tap_nth(chat, place, "pick-")
            if answer % 2:
                self.type_an_answer(other, answer // 2)
            else:
                self._tap_nth(chat, answer // 2)
        self._back_to_the_list(chat)
        self._tap_if_there(chat, end)

    def _back_to_the_list(self, chat: str) -> None:
        for tries in range(LONGEST_WAY):
            here = self._here()
            if here is None:
                # It was left: a tap that was drawn said so.
                self.command(chat, "/settings")
            elif here.question.key != "changes":
                # First by what takes the card as it is; Back leads there from anywhere.
                if tries < 4 or not self._tap_if_there(chat, "back"):
                    self._onward(chat, max(0, tries - 4))
            elif not self._tap_if_there(chat, "all"):
                return
        raise AssertionError("no way back to the list")

    @precondition(lambda self: self.seen.family_id is None)
    @rule(chats=st.lists(CHATS, min_size=2, max_size=2))
    def finish(self, chats: list[str]) -> None:
        """All that is still asked is answered, in the one chat and the other by turns."""
        tries = 0
        for turn in range(LONGEST_WAY):
            if self.seen.family_id is not None:
                self._run(self.chats.plan_by_hand(self.seen.family_id))
                return
            before = state_of(self.seen, self._flow())
            self._onward(chats[turn % 2], tries)
            unchanged = self.seen.family_id is None and state_of(self.seen, self._flow()) == before
            tries = tries + 1 if unchanged else 0
        raise AssertionError("no way out")

    def teardown(self) -> None:
        try:
            if hasattr(self, "seen"):
                self._check_way_out()
        finally:
            self._run(self.chats.close())
            self.runner.close()

    # -- How an event is done, and what must be so after it --

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(work)

    def _type(self, chat: str, words: str) -> None:
        here = self._here()
        self._happens(f"{chat} types {words!r:.80}", self.chats.write(chat, words), here)

    def _tap(self, chat: str, button: Button) -> None:
        living = self._living(chat) if chat in OURS else None
        live = (
            living is not None
            and living.id == button.message_id
            and living.offers(button.step, button.option)
            and not button.option.startswith(AGAIN)
            and button.option not in ("back", LATER, RESUME)
        )
        self._happens(
            f"{chat} taps {button.option} of message {button.message_id}, step {button.step}",
            self.chats.tap(chat, button),
            self._here() if live else None,
            by=chat,
            leaves=live and button.option == "leave",
        )

    def _tap_if_there(self, chat: str, option: str) -> bool:
        living = self._living(chat)
        if living is None or not living.view.offers(option):
            return False
        self._tap(chat, Button(living.id, living.step, option))
        return True

    def _tap_nth(self, chat: str, number: int, begin: str = "") -> None:
        living = self._living(chat)
        rows = living.view.rows if living else ()
        options = [b.id for row in rows for b in row if b.id.startswith(begin)]
        if options:
            self._tap_if_there(chat, options[number % len(options)])

    def _onward(self, chat: str, tries: int) -> None:
        here, living = self._here(), self._living(chat)
        assert here is not None
        assert living is not None
        options = [button.id for row in living.view.rows for button in row]
        answer = onward(here.question.key, options, tries)
        if answer.startswith("@"):
            self._tap(chat, Button(living.id, living.step, answer[1:]))
        else:
            self._type(chat, answer)

    def _happens(
        self,
        told: str,
        work: Coroutine[Any, Any, None],
        answered: Place | None = None,
        *,
        by: str = PHONE,
        leaves: bool = False,
        drops_drafts: bool = False,
    ) -> None:
        """Lets it happen, and holds what is then against what was: only the answer to `answered`
        may have changed, in whatever way."""
        note(told)
        before = self.seen
        self._run(work)
        self.seen = after = self._run(self.chats.see())
        self._remember()
        for chat in OURS:
            view = (self._living(chat) or after.said[chat][-1]).view
            note(f"    {chat} shows {view.title!r}, {view.notice!r}")
        if by == STRANGER:
            assert {chat: after.rows[chat] for chat in OURS} == {
                chat: before.rows[chat] for chat in OURS
            }
            assert raw_answers(after.stranger) == raw_answers(before.stranger)
            half_made = (after.stranger or {})["halfMade"]
            if (after.stranger or {})["flowVersion"] == (before.stranger or {})["flowVersion"]:
                assert half_made == (before.stranger or {})["halfMade"]
            else:
                # Of older questions nothing half-made is kept.
                assert half_made == {}
            return
        assert after.rows[STRANGER] == before.rows[STRANGER]
        self._check_nothing_lost(before, after, answered, leaves=leaves, dropped=drops_drafts)
        self._check_state()
        self._check_cards()
        if LONG_RUN:
            self._check_way_out()

    def _check_nothing_lost(
        self, before: Seen, after: Seen, answered: Place | None, *, leaves: bool, dropped: bool
    ) -> None:
        was, now = answers(before), answers(after)
        if before.family_id is None and after.family_id is not None:
            assert answered is not None
            sound = {
                place.id: was[place.id]
                for place in self._places(before)
                if place.answered and place.id in was
            }
            assert_same(facts(now), facts(sound))
            return
        if settings_open(before) and not settings_open(after):
            assert answered is not None
            if now != before.in_force:
                assert not leaves
                assert_same(facts(now), facts(was))
            return
        place = answered.id if answered else ""
        assert_same(now, was, but=place)
        assert {*was} <= {*now}
        assert before.in_force == after.in_force
        if is_asked(before):
            half_was, half_now = (before.draft or {})["halfMade"], (after.draft or {})["halfMade"]
            for key in {*half_was, *half_now} - {place}:
                assert half_now.get(key) == half_was.get(key) or (dropped and not half_now), key

    def _check_state(self) -> None:
        data = self.seen.draft
        assert data is not None
        read(QuestionnaireSession, data)
        assert 1 <= data["currentSection"] <= 7
        assert set(data["progress"]) == {f"section{n}" for n in range(1, 8)}
        assert isinstance(data["childrenProgress"], list)
        assert isinstance(data["draftResponses"], dict)
        assert data["lastUpdated"].endswith("Z")
        if not is_asked(self.seen):
            return
        flow = self._flow()
        state = from_session(flow, data)
        stored = json.loads(json.dumps(to_session(flow, state, now=self.chats.clock.now)))
        assert from_session(flow, stored) == state

    def _check_cards(self) -> None:
        """Each chat shows one open question, and it is the one that is stored."""
        seen = self.seen
        card = self._card() if is_asked(seen) else None
        views: dict[str, View] = {}
        for chat in OURS:
            living = self._living(chat)
            open_cards = [s.id for s in seen.said[chat] if s.view.progress and not s.view.shrunk]
            if card is None or (living is None and seen.family_id is not None):
                assert open_cards == [], f"{chat} shows a question that nobody asks"
                continue
            assert living is not None, f"{chat} shows no question"
            assert open_cards == ([living.id] if living.view.progress else [])
            wanted = render(card, translator(seen.languages[chat]))
            assert living.step == (seen.draft or {})["step"]
            assert shape(living.view) == shape(wanted), chat
            views[chat] = plain(living.view)
        if len(views) == 2 and len({seen.languages[chat] for chat in OURS}) == 1:
            assert views[PHONE] == views[LAPTOP]

    def _check_way_out(self) -> None:
        if is_asked(self.seen):
            flow = self._flow()
            state = full_state(self.seen, flow)
            way_out(flow, state, self.chats.clock.now.date())

    # -- What is there --

    def _flow(self) -> Flow:
        return self.chats.settings if settings_open(self.seen) else self.chats.questionnaire

    def _places(self, seen: Seen) -> tuple[Place, ...]:
        flow = self.chats.settings if settings_open(seen) else self.chats.questionnaire
        return places_of(flow, full_state(seen, flow), self.chats.clock.now.date())

    def _here(self) -> Place | None:
        if not is_asked(self.seen):
            return None
        return current(full_state(self.seen, self._flow()), self._places(self.seen))

    def _living(self, chat: str) -> Said | None:
        numbers = (self.seen.draft or {}).get(LIVING) or {}
        number = numbers.get(str(self.chats.accounts[chat]))
        return next((said for said in self.seen.said[chat] if said.id == number), None)

    def _card(self) -> Card:
        flow = self._flow()
        return look(flow, full_state(self.seen, flow), today=self.chats.clock.now.date())

    def _remember(self) -> None:
        for chat, listed in self.seen.said.items():
            for said in listed:
                for row in said.view.rows:
                    for button in row:
                        self.ever[Button(said.id, said.step, button.id)] = chat


# -- Pure: what stands in a draft, and how a conversation goes on --


def settings_open(seen: Seen) -> bool:
    return (seen.draft or {}).get(PURPOSE) == SETTINGS


def is_asked(seen: Seen) -> bool:
    """Whether there is a question to answer."""
    return seen.family_id is None or settings_open(seen)


def raw_answers(data: Mapping[str, Any] | None) -> dict[str, Any]:
    """The answers of a stored draft by place, read without the code that wrote it."""
    found: dict[str, Any] = dict((data or {}).get("agreements") or {})
    for section in ((data or {}).get("draftResponses") or {}).values():
        found |= {key: value for key, value in section.items() if key != "byChild"}
        for child, given in section.get("byChild", {}).items():
            found |= {f"{key}.{child}": value for key, value in given.items()}
    return found


def answers(seen: Seen) -> dict[str, Any]:
    """The answers as the person sees them: the draft's, and of a family those in force, below
    what was changed in settings that are open."""
    if seen.in_force is None:
        return raw_answers(seen.draft)
    stored = raw_answers(seen.draft)
    changed = (seen.draft or {}).get(CHANGED, ()) if settings_open(seen) else ()
    return {**seen.in_force, **{key: stored[key] for key in changed if key in stored}}


def full_state(seen: Seen, flow: Flow) -> State:
    state = from_session(flow, seen.draft or {})
    if seen.in_force is None:
        return state
    return replace(state, answers=answers(seen), base=seen.in_force)


def state_of(seen: Seen, flow: Flow) -> State:
    return replace(full_state(seen, flow), step=0, language="")


def assert_same(now: Mapping[str, Any], was: Mapping[str, Any], *, but: str = "") -> None:
    for key in {*was, *now} - {but}:
        assert now.get(key) == was.get(key), key


def shape(view: View) -> tuple[Any, ...]:
    """What a card is in any language. Which days lie ahead is another matter: a card keeps those
    of the day on which it was shown, each under its own date."""
    rows = (tuple((b.id, b.chosen) for b in row) for row in view.rows)
    buttons = tuple(row for row in rows if not any(id_.startswith("on-") for id_, _ in row))
    return buttons, view.progress and view.progress.done, view.hint is None, len(view.sketches)


def plain(view: View) -> View:
    return view.model_copy(update={"notice": None, "misread": False})


def test_whatever_happens_the_conversation_stands(
    database_url: str,
    conninfo: str,
    tmp_path: Path,
    bot_api: BotApiServer,
    wipe: Callable[[], None],
) -> None:
    def begin() -> Conversation:
        wipe()
        clock = Clock(SUNDAY_EVENING)
        return Conversation(TwoChats(database_url, conninfo, tmp_path, bot_api, clock))

    given = settings(
        deadline=None,
        suppress_health_check=list(HealthCheck),
        max_examples=int(LONG_RUN) if LONG_RUN else EXAMPLES,
        stateful_step_count=STEPS,
        print_blob=False,
        report_multiple_bugs=False,
    )
    if not LONG_RUN:
        # The same examples each time, and the first that fails as it was: shrinking takes minutes.
        given = settings(given, derandomize=True, phases=(Phase.generate,))
    run_state_machine_as_test(begin, settings=given)
