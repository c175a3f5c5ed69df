"""One event of one chat: what was heard becomes what is said, within one transaction."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy.ext.asyncio import AsyncSession

from bot.conversations.cards import (
    STALE_TAP,
    Card,
    Event,
    Link,
    Located,
    Opened,
    Option,
    Tapped,
    Typed,
)
from bot.conversations.flow import (
    CONSENT,
    Consented,
    Flow,
    Hints,
    Kept,
    Show,
    SpeakLanguage,
    State,
    Submit,
    from_session,
    step,
    to_session,
)
from bot.daily import answer_day, help_card, show_thinking, show_today, show_week
from bot.incoming import Command, Incoming
from bot.outbox import post, replace_card, shown, shrink, spoken
from bot.texts import LANGUAGES, language_of, translator
from bot.welcome import CONSENT_VERSION, welcome_family
from core.phrase import Phrase, say
from core.week import wall
from db.calendars import renew_feeds
from db.conversations import (
    WEB,
    Account,
    link_account,
    load_account,
    load_draft,
    record_consent,
    save_draft,
    set_language,
)
from db.document import parse_document
from db.families import STORAGE, erase_chat, erase_family, is_guardian
from db.links import Purpose, create_code, redeem_code
from db.messages import load_message, post_message
from db.queue import enqueue
from db.secrets import SecretBox
from db.session import chat_scope, family_scope, lock_family
from db.types import QuestionnaireSession, read, write

PLAN_FIRST_WEEKS = "plan_first_weeks"
"""The task that plans a new family's first weeks and shows them."""

CODE_LIFE = timedelta(minutes=15)
RECOVERY_LIFE = timedelta(days=3650)
FORGET, KEEP = "forget-yes", "forget-no"
FORGET_LIFE = timedelta(hours=1)
"""How long the question whether to erase everything can be answered."""

_FIRST_HELP = Card(say("help.title"), lines=(say("help.questionnaire"), say("help.link_code")))
"""What can be said before there is a family."""

LIVING_CARD = "livingCard"
"""Key of the draft under which the id of the current question's message is kept."""


@dataclass(frozen=True)
class Dialogue:
    """What the conversation needs of the program. `base_url` begins every link that is shown."""

    flow: Flow
    box: SecretBox
    base_url: str


async def converse(
    session: AsyncSession,
    dialogue: Dialogue,
    account: Account,
    incoming: Incoming,
    *,
    now: datetime,
) -> None:
    """Applies an event to the account's conversation and stores what is said to it.

    The transaction must be in nobody's scope yet; it ends up in the account's and its family's.
    In a group nothing but a pointer to the private chat is said: answers are a family's own.
    """
    await chat_scope(session, account.id)
    draft = await load_draft(session, account.id)
    # Another event of this chat may have joined it to a family while we waited for the draft.
    account = await load_account(session, account.id) or account
    if account.family_id is not None:
        await family_scope(session, account.family_id)
    if not incoming.private:
        await post(session, account, Card(say("chat.private_only")), now=now)
        return
    event = await _checked(session, dialogue.box, account, incoming)
    agreed = account.family_id is not None or _has_agreed(dialogue.flow, draft.data)
    if account.channel == WEB and agreed:
        await _show_their_words(session, account, event, now)
    hints = Hints(incoming.profile_name, incoming.timezone)
    talk = _Talk(session, dialogue, account, now, hints)
    match event:
        case Command(name=name, argument=argument):
            await talk.command(name, argument, draft.data)
        case Tapped(option=option) if option in (FORGET, KEEP):
            await talk.answer_forget(option, incoming.message_id)
        case _ if account.family_id is None:
            await talk.questionnaire(event, draft.data)
        case Located():
            await post(session, account, Card(say("flow.no_place")), now=now)
        case _:
            await answer_day(session, account, account.family_id, event, incoming, now=now)


async def apologise(session: AsyncSession, account: Account, *, now: datetime) -> None:
    """Says that something of the chat could not be answered, and that it was our fault."""
    await chat_scope(session, account.id)
    if account.family_id is not None:
        await family_scope(session, account.family_id)
    await post(session, account, Card(say("chat.our_fault")), now=now)


async def _checked(
    session: AsyncSession, box: SecretBox, account: Account, incoming: Incoming
) -> Event | Command:
    """The event; a tap counts only on a button that this very message of this chat shows."""
    event = incoming.event
    if not isinstance(event, Tapped):
        return event
    if incoming.message_id is None or incoming.user_external_id != account.external_id:
        return STALE_TAP
    message = await load_message(session, incoming.message_id)
    if message is None or message.chat_account_id != account.id or message.step != event.step:
        return STALE_TAP
    # A quick tap can come before the channel's id of the message is written down; then our own
    # number, which only this message carries, has to do.
    known = message.external_id or incoming.external_message_id
    if incoming.external_message_id not in (None, known):
        return STALE_TAP
    return event if shown(message, box).offers(event.option) else STALE_TAP


async def _show_their_words(
    session: AsyncSession, account: Account, event: Event | Command, now: datetime
) -> None:
    match event:
        case Typed(text=text) if text:
            words = text
        case Command(name=name, argument=argument) if name != "start":
            words = f"/{name} {argument}".strip()
        case _:
            return
    await post_message(session, account.id, {"title": words}, now=now, author="them", state="sent")


@dataclass(frozen=True)
class _Talk:
    """One event's conversation: whose it is, when, and where it is written."""

    session: AsyncSession
    dialogue: Dialogue
    account: Account
    now: datetime
    hints: Hints

    async def questionnaire(self, event: Event, data: QuestionnaireSession) -> None:
        flow = self.dialogue.flow
        state, living = _resumed(flow, data, self.account, self.hints)
        state, replies = step(flow, state, event, today=_today(state, self.now))
        account = self.account
        kept: Phrase | None = None
        card = flow.closing
        submitted: Submit | None = None
        for reply in replies:
            match reply:
                case Show(card=shown):
                    card = shown
                case Kept(phrase=phrase):
                    kept = phrase
                case SpeakLanguage(code=code):
                    account = await self._speak(code)
                case Consented():
                    await record_consent(
                        self.session,
                        kind=STORAGE,
                        version=CONSENT_VERSION,
                        source="chat",
                        now=self.now,
                        chat_account_id=account.id,
                    )
                case Submit():
                    submitted = reply
        living = await self._place(account, event, card, kept, state.step, living)
        await save_draft(
            self.session, account.id, _session(flow, state, living, self.now), now=self.now
        )
        if submitted is not None:
            await self._submit(account, submitted, living)

    async def command(self, name: str, argument: str, data: QuestionnaireSession) -> None:
        family_id = self.account.family_id
        if name in ("start", "link") and argument:
            await self._join(argument, data)
        elif name in LANGUAGES or (name == "language" and argument):
            account = await self._speak(language_of(argument or name))
            await post(self.session, account, Card(say("chat.language_set")), now=self.now)
        elif name == "help":
            card = _FIRST_HELP if family_id is None else help_card()
            await post(self.session, self.account, card, now=self.now)
        elif name == "forget":
            await self._ask_forget()
        elif family_id is None:
            # Whatever they meant, the questionnaire is where it goes on.
            await self.questionnaire(Opened(), data)
        elif name == "link":
            await self._offer_link(family_id)
        elif name in ("week", "newlinks"):
            if name == "newlinks":
                if not await self._decides():
                    card = Card(say("forget.guardian"))
                    await post(self.session, self.account, card, now=self.now)
                    return
                await lock_family(self.session, family_id)
                await renew_feeds(self.session, family_id, self.dialogue.box, now=self.now)
            await show_week(
                self.session,
                self.account,
                family_id,
                box=self.dialogue.box,
                base_url=self.dialogue.base_url,
                now=self.now,
            )
        elif name in ("today", "start"):
            await show_today(self.session, self.account, family_id, now=self.now)
        else:
            await post(self.session, self.account, help_card(), now=self.now)

    async def _ask_forget(self) -> None:
        if not await self._decides():
            await post(self.session, self.account, Card(say("forget.guardian")), now=self.now)
            return
        card = Card(
            say("forget.ask"),
            lines=(say("forget.what"),),
            rows=((Option(KEEP, say("forget.no")), Option(FORGET, say("forget.yes"))),),
        )
        await post(self.session, self.account, card, now=self.now)

    async def answer_forget(self, option: str, message_id: int | None) -> None:
        """The second step of /forget: only a guardian's own tap erases, and only soon after."""
        message = await load_message(self.session, message_id) if message_id is not None else None
        if message is None:
            return
        erase = option == FORGET and self.now - message.created_at <= FORGET_LIFE
        if not erase or not await self._decides():
            card = Card(say("forget.kept"))
            await replace_card(self.session, self.account, message.id, card, now=self.now)
            return
        # Said in place of the question, which stays: a browser that waits for news knows how many
        # messages there were, and would not notice one that is counted from the beginning.
        card = Card(say("forget.done"))
        await replace_card(self.session, self.account, message.id, card, now=self.now)
        family_id = self.account.family_id
        if family_id is None:
            await erase_chat(self.session, self.account, keep_message=message.id)
        else:
            await erase_family(self.session, family_id, keep=self.account, keep_message=message.id)

    async def _decides(self) -> bool:
        """Of a family only a guardian decides; an unfinished questionnaire is its chat's own."""
        return self.account.family_id is None or await is_guardian(
            self.session, self.account.adult_id
        )

    async def _speak(self, code: str) -> Account:
        await set_language(self.session, self.account.id, code)
        return replace(self.account, language=code)

    async def _place(
        self,
        account: Account,
        event: Event,
        card: Card,
        kept: Phrase | None,
        step_number: int,
        living: int | None,
    ) -> int:
        """Shows the question and returns its message: after a tap in place of the one before,
        after typed words below them, where the eye is."""
        # In the browser a place is shared by a button of the card, in Telegram by a message.
        tapped = isinstance(event, Tapped) or (
            isinstance(event, Located) and account.channel == WEB
        )
        if tapped and living is not None:
            await replace_card(self.session, account, living, card, now=self.now, step=step_number)
            return living
        if living is not None:
            line = await self._line_for(account, kept, living)
            await shrink(self.session, account, living, line, now=self.now)
        posted = await post(self.session, account, card, now=self.now, step=step_number)
        if posted is None:
            raise RuntimeError("a message without a dedupe key is always posted")
        return posted

    async def _line_for(self, account: Account, kept: Phrase | None, living: int) -> str:
        if kept is not None:
            return translator(spoken(account))(kept)
        message = await load_message(self.session, living)
        return shown(message, self.dialogue.box).title if message else ""

    async def _submit(self, account: Account, submitted: Submit, living: int) -> None:
        family_id = await welcome_family(
            self.session,
            self.dialogue.box,
            parse_document(submitted.document),
            source="chat",
            now=self.now,
            chat_account_id=account.id,
            responses=submitted.responses,
        )
        code = await create_code(
            self.session,
            Purpose.RECOVERY,
            RECOVERY_LIFE,
            now=self.now,
            family_id=family_id,
            adult_id=await _adult_of(self.session, account.id),
        )
        await self._show_recovery(account, code)
        await show_thinking(self.session, account, family_id, living, now=self.now)
        await enqueue(
            self.session,
            PLAN_FIRST_WEEKS,
            lock=f"family:{family_id}",
            family_id=family_id,
            account_id=account.id,
            message_id=living,
        )

    async def _join(self, code: str, data: QuestionnaireSession) -> None:
        if self.account.family_id is not None:
            # Not redeemed, so that the code still works for the chat that it was meant for.
            await post(self.session, self.account, Card(say("chat.joined_before")), now=self.now)
            return
        found = await redeem_code(self.session, code, now=self.now)
        if found is None or found.family_id is None:
            await post(self.session, self.account, Card(say("chat.code_unknown")), now=self.now)
            return
        await link_account(
            self.session, self.account.id, family_id=found.family_id, adult_id=found.adult_id
        )
        await family_scope(self.session, found.family_id)
        _, living = _resumed(self.dialogue.flow, data, self.account, self.hints)
        if living is not None:
            line = await self._line_for(self.account, None, living)
            await shrink(self.session, self.account, living, line, now=self.now)
        await post(self.session, self.account, Card(say("chat.joined")), now=self.now)
        if found.purpose is Purpose.RECOVERY:
            fresh = await create_code(
                self.session,
                Purpose.RECOVERY,
                RECOVERY_LIFE,
                now=self.now,
                family_id=found.family_id,
                adult_id=found.adult_id,
            )
            await self._show_recovery(self.account, fresh)
        await show_week(
            self.session,
            replace(self.account, family_id=found.family_id, adult_id=found.adult_id),
            found.family_id,
            box=self.dialogue.box,
            base_url=self.dialogue.base_url,
            now=self.now,
        )

    async def _show_recovery(self, account: Account, code: str) -> None:
        card = Card(
            say("chat.recovery_title"), lines=(say("chat.recovery", code=code),), secret=True
        )
        await post(self.session, account, card, now=self.now, box=self.dialogue.box)

    async def _offer_link(self, family_id: int) -> None:
        code = await create_code(
            self.session,
            Purpose.DEVICE,
            CODE_LIFE,
            now=self.now,
            family_id=family_id,
            adult_id=self.account.adult_id,
        )
        address = f"{self.dialogue.base_url}/chat#start={code}"
        minutes = int(CODE_LIFE.total_seconds() // 60)
        card = Card(
            say("chat.link_title"),
            lines=(
                say("chat.link_code", code=code),
                say("chat.link_how", code=code),
                say("chat.link_once", count=minutes),
            ),
            links=(Link(say("chat.link_open"), address),),
            qr=address,
            secret=True,
        )
        await post(self.session, self.account, card, now=self.now, box=self.dialogue.box)


def _resumed(
    flow: Flow, data: QuestionnaireSession, account: Account, hints: Hints
) -> tuple[State, int | None]:
    stored = write(data)
    if not stored:
        return State(hints=hints, language=spoken(account)), None
    living = stored.get(LIVING_CARD)
    state = from_session(flow, stored)
    # What was known first stays: somebody else's tap must not rename the parent.
    known = Hints(state.hints.name or hints.name, state.hints.timezone or hints.timezone)
    state = replace(state, hints=known, language=spoken(account))
    return state, living if isinstance(living, int) else None


def _has_agreed(flow: Flow, data: QuestionnaireSession) -> bool:
    return CONSENT in from_session(flow, write(data)).answers


def _session(flow: Flow, state: State, living: int | None, now: datetime) -> QuestionnaireSession:
    if CONSENT not in state.answers:
        # What the channel knows of a person is not stored before that person has agreed.
        state = replace(state, hints=Hints())
    stored = to_session(flow, state, now=now)
    if living is not None:
        stored[LIVING_CARD] = living
    return read(QuestionnaireSession, stored)


def _today(state: State, now: datetime) -> date:
    """The parent's own date: of the time zone that was answered or guessed, else of UTC."""
    for named in (state.answers.get("timezone"), state.hints.timezone):
        if isinstance(named, str):
            try:
                return wall(now, ZoneInfo(named)).date()
            except (ZoneInfoNotFoundError, ValueError):
                continue
    return now.date()


async def _adult_of(session: AsyncSession, account_id: int) -> int | None:
    account = await load_account(session, account_id)
    return account.adult_id if account else None
