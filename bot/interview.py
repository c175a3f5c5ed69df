"""The questionnaire and the settings in a chat: one draft of one person, shown in all their chats.

Every chat of the person has a living card of its own. Whichever chat an answer comes from, the
cards of the others follow, so that two devices never show different questions.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Literal

from bot.conversations.cards import Card, Event, Located, Opened, Tapped, Typed
from bot.conversations.children import NEW_CHILD
from bot.conversations.family_document import answers_of
from bot.conversations.flow import (
    CONSENT,
    Consented,
    Discard,
    Flow,
    Hints,
    Kept,
    Show,
    SpeakLanguage,
    State,
    Submit,
    again_option,
    changes,
    look,
    step,
)
from bot.conversations.session import by_section, from_session, merged, to_session
from bot.daily import show_thinking
from bot.outbox import replace_card, shown, shrink, spoken
from bot.talk import Talk
from bot.texts import translator
from bot.views import render
from bot.welcome import CONSENT_VERSION, settle, welcome_family
from core.phrase import Phrase, say
from core.problem import asks_the_same
from core.week import week_start
from db.amend import amend_family
from db.conversations import (
    WEB,
    Account,
    Draft,
    accounts_sharing,
    load_account,
    load_draft,
    record_consent,
    save_draft,
)
from db.document import dump_document, parse_document
from db.families import STORAGE, load_document_with_ids, load_family
from db.links import RECOVERY_LIFE, Purpose, create_code
from db.messages import load_message
from db.queue import enqueue
from db.schedules import planned_mondays
from db.session import chat_scope, lock_family
from db.types import QuestionnaireSession, read, write

PLAN_WEEKS = "plan_weeks"
"""The task that plans weeks of a family and shows them in the chats that wait for them."""

SETTINGS_LISTEN = timedelta(hours=1)
"""For how long after the last answer typed words are still meant for the settings; buttons always
are."""

PURPOSE, SETTINGS = "purpose", "settings"
CHANGED = "changed"
LIVING, LINES = "livingCards", "keptLines"
"""Keys that the draft has beside those of the data model: what it is for (absent: the
questionnaire), the places of answers that are not in force yet, the message of each chat's living
card, and of each answer's line, by chat."""


@dataclass(frozen=True)
class Sheet:
    """A draft as an interview works on it. `living` are messages by chat account, `lines` by chat
    account and place."""

    flow: Flow
    state: State
    purpose: Literal["questionnaire", "settings"]
    living: Mapping[int, int]
    lines: Mapping[int, Mapping[str, int]]


async def take_draft(talk: Talk) -> tuple[Talk, Draft]:
    """The draft of the account's person, locked until the transaction ends, and the talk with the
    account as it is then: while we waited, it may have been joined to somebody."""
    account = talk.account
    while True:
        owner = account.draft_owner
        await chat_scope(talk.session, owner)
        draft = await load_draft(talk.session, owner)
        account = await load_account(talk.session, account.id) or account
        if account.draft_owner == owner:
            await chat_scope(talk.session, account.id)
            return replace(talk, account=account), draft


async def keep_draft(talk: Talk, data: QuestionnaireSession) -> None:
    """Stores the draft of the account's person."""
    owner = talk.account.draft_owner
    await chat_scope(talk.session, owner)
    await save_draft(talk.session, owner, data, now=talk.now)
    await chat_scope(talk.session, talk.account.id)


def has_agreed(talk: Talk, draft: Draft) -> bool:
    """Whether this person has agreed to what is kept."""
    data = write(draft.data)
    return CONSENT in from_session(talk.dialogue.questionnaire, data).answers


async def interview(talk: Talk, event: Event, draft: Draft) -> None:
    """One event of the questionnaire, before there is a family."""
    data = write(draft.data)
    flow = talk.dialogue.questionnaire
    state = from_session(flow, data)
    # What was known first stays: somebody else's tap must not rename the parent.
    known = Hints(state.hints.name or talk.hints.name, state.hints.timezone or talk.hints.timezone)
    state = replace(state, hints=known, language=spoken(talk.account))
    await _hold(talk, _sheet(flow, state, "questionnaire", data), event)


async def translate_card(talk: Talk, draft: Draft) -> None:
    """Puts the question that the chat shows into its language, which has just changed."""
    data = write(draft.data)
    family_id = talk.account.family_id
    if family_id is None:
        flow = talk.dialogue.questionnaire
        sheet = _sheet(flow, from_session(flow, data), "questionnaire", data)
    elif data.get(PURPOSE) == SETTINGS:
        sheet = await _settings_sheet(talk, draft, family_id)
    else:
        return
    living = sheet.living.get(talk.account.id)
    if living is not None:
        state = replace(sheet.state, language=spoken(talk.account))
        card = look(sheet.flow, state, today=talk.today(state.answers.get("timezone")))
        await replace_card(talk.session, talk.account, living, card, now=talk.now, step=state.step)


async def open_settings(talk: Talk, draft: Draft, family_id: int, option: str = "") -> None:
    """Shows what can be changed, below everything else; `option` opens an answer at once."""
    sheet = await _settings_sheet(talk, draft, family_id)
    await put_away(talk, talk.account, draft)
    living = {key: value for key, value in sheet.living.items() if key != talk.account.id}
    event = Tapped(-1, option) if option else Opened()
    await _hold(talk, replace(sheet, living=living), event)


def settings_listen(talk: Talk, draft: Draft, event: Event, message_id: int | None) -> bool:
    """Whether an event is meant for settings that are open."""
    last = settings_answered(draft)
    if last is None:
        return False
    if isinstance(event, Tapped):
        living = _numbers(write(draft.data).get(LIVING))
        return message_id is not None and message_id in living.values()
    return isinstance(event, Typed) and talk.now - last <= SETTINGS_LISTEN


def settings_answered(draft: Draft) -> datetime | None:
    """When something was last said in settings that are open; None if they are not."""
    data = write(draft.data)
    if data.get(PURPOSE) != SETTINGS:
        return None
    return datetime.fromisoformat(data["lastUpdated"])


async def answer_settings(talk: Talk, event: Event, draft: Draft, family_id: int) -> None:
    """One event of settings that are open."""
    await _hold(talk, await _settings_sheet(talk, draft, family_id), event)


async def share_with(talk: Talk, owner_draft: Draft, own_draft: Draft) -> None:
    """Shows the shared questionnaire in a chat that has just joined it; what only this chat knew
    goes into it."""
    flow = talk.dialogue.questionnaire
    data, own = write(owner_draft.data), write(own_draft.data)
    state = from_session(flow, data)
    both = merged(state, from_session(flow, own)) if own else state
    sheet = _sheet(flow, replace(both, language=spoken(talk.account)), "questionnaire", data)
    await put_away(talk, talk.account, own_draft)
    await _hold(talk, sheet, Opened())


async def put_away(talk: Talk, account: Account, draft: Draft) -> None:
    """Leaves a quiet line of the card that a chat shows for this draft: it goes on elsewhere. The
    transaction must act for that chat or its family."""
    living = _numbers(write(draft.data).get(LIVING)).get(account.id)
    message = await load_message(talk.session, living) if living is not None else None
    if message is not None and (view := shown(message, talk.dialogue.box)).rows:
        await shrink(talk.session, account, message.id, view.title, now=talk.now)


def _sheet(
    flow: Flow, state: State, purpose: Literal["questionnaire", "settings"], data: Mapping[str, Any]
) -> Sheet:
    lines = {int(account): dict(places) for account, places in (data.get(LINES) or {}).items()}
    return Sheet(flow, state, purpose, _numbers(data.get(LIVING)), lines)


def _numbers(stored: Any) -> dict[int, int]:
    return {int(account): message for account, message in (stored or {}).items()}


async def _settings_sheet(talk: Talk, draft: Draft, family_id: int) -> Sheet:
    """The settings as they are now: what is in force comes from the family's rows each time, the
    draft adds what was changed. From here on nobody else changes the family, so that what is
    saved was read from what it is written over."""
    await lock_family(talk.session, family_id)
    data = write(draft.data)
    flow = talk.dialogue.settings
    document, identities = await load_document_with_ids(talk.session, family_id)
    base = answers_of(dump_document(document), identities)
    state = from_session(flow, data)
    if data.get(PURPOSE) != SETTINGS:
        state = State(step=state.step + 1)
    pending = {key: state.answers[key] for key in data.get(CHANGED, ()) if key in state.answers}
    if "children" in pending:
        # A child whom another guardian has taken out meanwhile does not come back by this.
        there = {child["childId"] for child in base["children"]}
        pending["children"] = [
            child
            for child in pending["children"]
            if child["childId"] in there or child["childId"].startswith(NEW_CHILD)
        ]
    state = replace(
        state,
        answers={**base, **pending},
        base=base,
        hints=talk.hints,
        language=spoken(talk.account),
    )
    return _sheet(flow, state, "settings", data)


async def _hold(talk: Talk, sheet: Sheet, event: Event) -> None:
    """Steps and shows what comes of it."""
    before = sheet.state
    today = talk.today(before.answers.get("timezone"))
    state, replies = step(sheet.flow, before, event, today=today)
    kept: Kept | None = None
    card = sheet.flow.closing
    submitted: Submit | None = None
    closed = False
    for reply in replies:
        match reply:
            case Show(card=shown_card):
                card = shown_card
            case Kept():
                kept = reply
            case SpeakLanguage(code=code):
                talk = await talk.speak(code)
            case Consented():
                await record_consent(
                    talk.session,
                    kind=STORAGE,
                    version=CONSENT_VERSION,
                    source="chat",
                    now=talk.now,
                    chat_account_id=talk.account.id,
                )
            case Submit():
                submitted = reply
            case Discard():
                closed = True
    if closed:
        card = Card(say("settings.left"))
    sheet = replace(sheet, state=state)
    sheet = await _place(talk, sheet, event, card, kept)
    sheet = await _follow(talk, sheet, card, kept)
    if sheet.purpose == "questionnaire":
        await keep_draft(talk, _stored(sheet, talk.now, closed=submitted is not None))
        if submitted is not None:
            await _welcome(talk, sheet, submitted)
    elif submitted is not None:
        await _amend(talk, sheet, submitted)
    else:
        await keep_draft(talk, _stored(sheet, talk.now, closed=closed))


async def _place(talk: Talk, sheet: Sheet, event: Event, card: Card, kept: Kept | None) -> Sheet:
    """Shows the question in the chat that the event came from: after a tap in place of the one
    before, after typed words below them, where the eye is."""
    living = sheet.living.get(talk.account.id)
    number = sheet.state.step
    # In the browser a place is shared by a button of the card, in Telegram by a message.
    tapped = isinstance(event, Tapped) or (
        isinstance(event, Located) and talk.account.channel == WEB
    )
    if tapped and living is not None:
        await replace_card(talk.session, talk.account, living, card, now=talk.now, step=number)
        return sheet
    lines = dict(sheet.lines.get(talk.account.id, {}))
    if living is not None:
        if kept is None:
            line = await _title(talk, living)
            await shrink(talk.session, talk.account, living, line, now=talk.now)
        else:
            former = lines.pop(kept.place, None)
            if former is not None:
                # The newer line says it; the older one would only offer the same again.
                await shrink(
                    talk.session,
                    talk.account,
                    former,
                    _said(talk.account, kept.phrase),
                    now=talk.now,
                )
            await _tell(talk, talk.account, living, kept)
            lines[kept.place] = living
    posted = await talk.say(card, step=number)
    return replace(
        sheet,
        living={**sheet.living, talk.account.id: posted},
        lines={**sheet.lines, talk.account.id: lines},
    )


async def _follow(talk: Talk, sheet: Sheet, card: Card, kept: Kept | None) -> Sheet:
    """The person's other chats show the same question (what they have been told beside it stays),
    and lines that told the former answer tell the new one."""
    living = dict(sheet.living)
    quiet = replace(card, notice=None, misread=False)
    for account in await _chats(talk):
        told = sheet.lines.get(account.id, {}).get(kept.place) if kept else None
        if kept is not None and told is not None and told != living.get(account.id):
            await chat_scope(talk.session, account.id)
            await _tell(talk, account, told, kept)
        if account.id == talk.account.id:
            continue
        if account.id in living:
            await chat_scope(talk.session, account.id)
            if await _shows(talk, account, living[account.id], quiet, sheet.state.step):
                continue
            await replace_card(
                talk.session,
                account,
                living[account.id],
                quiet,
                now=talk.now,
                step=sheet.state.step,
            )
        elif sheet.purpose == "questionnaire":
            living[account.id] = await talk.say_to(account, quiet, step=sheet.state.step)
    await chat_scope(talk.session, talk.account.id)
    return replace(sheet, living=living)


async def _shows(talk: Talk, account: Account, message_id: int, card: Card, step: int) -> bool:
    """Whether a message is this card already, whatever notice it bears."""
    message = await load_message(talk.session, message_id)
    if message is None or message.step != step:
        return False
    there = shown(message, talk.dialogue.box)
    return there.model_copy(update={"notice": None, "misread": False}) == render(
        card, translator(spoken(account))
    )


async def _chats(talk: Talk) -> Iterable[Account]:
    return await accounts_sharing(talk.session, talk.account.draft_owner)


async def _tell(talk: Talk, account: Account, message_id: int, kept: Kept) -> None:
    """Leaves an answer's line in place of a card, with the button that opens it again."""
    line = _said(account, kept.phrase)
    await shrink(
        talk.session, account, message_id, line, now=talk.now, again=again_option(kept.place)
    )


def _said(account: Account, phrase: Phrase) -> str:
    return translator(spoken(account))(phrase)


async def _title(talk: Talk, message_id: int) -> str:
    message = await load_message(talk.session, message_id)
    return shown(message, talk.dialogue.box).title if message else ""


def _stored(sheet: Sheet, now: datetime, *, closed: bool = False) -> QuestionnaireSession:
    state = sheet.state
    if sheet.purpose == "questionnaire" and CONSENT not in state.answers:
        # What the channel knows of a person is not stored before that person has agreed.
        state = replace(state, hints=Hints())
    data = to_session(sheet.flow, state, now=now)
    if closed:
        # What was answered is in the family's rows, or was taken back: no second copy is kept.
        emptied: dict[str, Any] = {"draftResponses": {}, "childrenProgress": [], "halfMade": {}}
        return read(QuestionnaireSession, {**data, **emptied})
    if sheet.purpose == "settings":
        pending = changes(state)
        data["draftResponses"] = by_section(sheet.flow, pending)
        data |= {PURPOSE: SETTINGS, CHANGED: list(pending)}
    data[LIVING] = {str(account): message for account, message in sheet.living.items()}
    data[LINES] = {str(account): dict(places) for account, places in sheet.lines.items()}
    return read(QuestionnaireSession, data)


async def _welcome(talk: Talk, sheet: Sheet, submitted: Submit) -> None:
    """The answers become a family, and its first weeks are planned."""
    family_id = await welcome_family(
        talk.session,
        talk.dialogue.box,
        parse_document(submitted.document),
        source="chat",
        now=talk.now,
        chat_account_id=talk.account.id,
    )
    account = await load_account(talk.session, talk.account.id) or talk.account
    await give_recovery_code(talk, family_id, account.adult_id)
    family = await load_family(talk.session, family_id)
    monday = week_start(talk.today(family.timezone))
    await _plan(talk, sheet, family_id, [monday, monday + timedelta(days=7)], since=0)


async def _amend(talk: Talk, sheet: Sheet, submitted: Submit) -> None:
    """The changes come into force; weeks of which they ask something else are planned anew."""
    family_id = talk.account.family_id
    if family_id is None:
        raise RuntimeError("settings are a family's")
    before = await load_family(talk.session, family_id)
    revision = await amend_family(
        talk.session,
        family_id,
        parse_document(submitted.document),
        submitted.identities,
        now=talk.now,
    )
    after = await settle(talk.session, talk.dialogue.box, family_id, now=talk.now, before=before)
    await keep_draft(talk, _stored(sheet, talk.now, closed=True))
    monday = week_start(talk.today(after.timezone))
    planned = await planned_mondays(talk.session, family_id, monday)
    # A week that could not be planned before has another chance.
    missing = {monday, monday + timedelta(days=7)} - set(planned) if not planned else set()
    affected = sorted(
        {week for week in planned if not asks_the_same(before, after, week)} | missing
    )
    if affected:
        await _plan(talk, sheet, family_id, affected, since=revision)


async def _plan(
    talk: Talk, sheet: Sheet, family_id: int, mondays: Sequence[date], *, since: int
) -> None:
    """Has weeks planned, and shows in every living card that it is being done."""
    waiting = []
    for account in await _chats(talk):
        living = sheet.living.get(account.id)
        if living is not None:
            await chat_scope(talk.session, account.id)
            await show_thinking(talk.session, account, family_id, living, now=talk.now)
            waiting.append(f"{account.id}:{living}")
    await chat_scope(talk.session, talk.account.id)
    await enqueue(
        talk.session,
        PLAN_WEEKS,
        lock=f"family:{family_id}",
        family_id=family_id,
        mondays=" ".join(monday.isoformat() for monday in mondays),
        since=since,
        waiting=" ".join(waiting),
    )


async def give_recovery_code(talk: Talk, family_id: int, adult_id: int | None) -> None:
    """Makes a code that brings the adult back when every chat is lost, and shows it this once."""
    code = await create_code(
        talk.session,
        Purpose.RECOVERY,
        RECOVERY_LIFE,
        now=talk.now,
        family_id=family_id,
        adult_id=adult_id,
    )
    await talk.say(
        Card(say("chat.recovery_title"), lines=(say("chat.recovery", code=code),), secret=True)
    )
