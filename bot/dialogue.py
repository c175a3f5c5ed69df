"""One event of one chat: what was heard becomes what is said, within one transaction."""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.calendars import (
    Listening,
    answer_tap,
    answer_words,
    listening,
    open_calendars,
    paste_address,
)
from bot.change_menu import open_change_menu, tap_change_menu
from bot.changes import ask_undo
from bot.conversations.answers.addresses import calendar_address, without_addresses
from bot.conversations.calendars import is_calendar_option
from bot.conversations.cards import (
    STALE_TAP,
    Card,
    Event,
    Located,
    Opened,
    Option,
    Tapped,
    Typed,
)
from bot.conversations.change_menu import is_change_option
from bot.conversations.differences import token_to_undo
from bot.conversations.flow import AGAIN, Hints
from bot.conversations.google import tapped
from bot.conversations.outside import times_answered
from bot.conversations.reminders import is_reminder_option
from bot.conversations.review import review_tapped
from bot.conversations.school_year import year_tapped
from bot.daily import help_card, show_today, show_week
from bot.google import answer_google
from bot.incoming import Command, Incoming
from bot.interview import (
    answer_settings,
    has_agreed,
    interview,
    open_settings,
    settings_answered,
    settings_listen,
    take_draft,
    translate_card,
)
from bot.joining import answer_invitation, invite, is_answer, join, offer_link
from bot.outbox import post, replace_card, shown
from bot.outside import answer_times
from bot.reminders import set_reminders, tap_reminders
from bot.replies import answer_day
from bot.review import answer_review, comment, show_review
from bot.school_year import open_year, tap_year
from bot.talk import Dialogue, Talk
from bot.texts import LANGUAGES, language_of
from core.phrase import say
from db.calendars import renew_feeds
from db.conversations import WEB, Account, Draft, accounts_sharing
from db.families import erase_chat, erase_family
from db.messages import load_message, post_message
from db.secrets import SecretBox
from db.session import chat_scope, family_scope, lock_family

FORGET, KEEP = "forget-yes", "forget-no"
HIDDEN = "•••"
"""Stands for words that no chat may show."""

FORGET_LIFE = timedelta(hours=1)
"""How long the question whether to erase everything can be answered."""

_FIRST_HELP = Card(say("help.title"), lines=(say("help.questionnaire"), say("help.link_code")))
"""What can be said before there is a family."""


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
    hints = Hints(incoming.profile_name, incoming.timezone)
    talk, draft = await take_draft(Talk(session, dialogue, account, now, hints, incoming.bot_name))
    account = talk.account
    if account.family_id is not None:
        await family_scope(session, account.family_id)
    if not incoming.private:
        await talk.say(Card(say("chat.private_only")))
        return
    event = await _checked(session, dialogue.box, account, incoming)
    heard = await _calendars_listen(talk, event, draft)
    agreed = account.family_id is not None or has_agreed(talk, draft)
    if account.channel == WEB and agreed:
        await _show_their_words(session, account, event, now, hidden=bool(heard and heard.secret))
    match event:
        case Command(name=name, argument=argument):
            await _command(talk, name, argument, draft)
        case Tapped(option=option) if incoming.message_id is not None and option in (FORGET, KEEP):
            await _answer_forget(talk, option, incoming.message_id)
        case Tapped(option=option) if incoming.message_id is not None and is_answer(option):
            await answer_invitation(talk, option, incoming.message_id)
        case Tapped(option=option) if incoming.message_id is not None and token_to_undo(option):
            await ask_undo(talk, option, incoming.message_id)
        case Tapped(option=option) if incoming.message_id is not None and tapped(option):
            await answer_google(talk, option, incoming.message_id)
        case Tapped(option=option) if incoming.message_id is not None and times_answered(option):
            await answer_times(talk, option, incoming.message_id)
        case _ if account.family_id is None:
            await interview(talk, event, draft)
        case Tapped(option=option) if incoming.message_id is not None and is_calendar_option(
            option
        ):
            await answer_tap(talk, account.family_id, event, incoming.message_id)
        case Tapped(option=option) if incoming.message_id is not None and is_reminder_option(
            option
        ):
            await tap_reminders(talk, account.family_id, option, incoming.message_id)
        case Tapped(option=option) if incoming.message_id is not None and (
            reviewed := review_tapped(option)
        ):
            await answer_review(talk, account.family_id, reviewed, incoming.message_id)
        case Tapped(option=option) if incoming.message_id is not None and year_tapped(option):
            await tap_year(talk, account.family_id, option, incoming.message_id)
        case Tapped(option=option) if incoming.message_id is not None and is_change_option(option):
            await tap_change_menu(talk, account.family_id, option, incoming.message_id)
        case Typed(text=text) if heard is not None:
            await answer_words(talk, account.family_id, heard, text)
        case Typed(text=text) if (address := calendar_address(text, asked=False)) is not None:
            await paste_address(talk, account.family_id, address)
        case Tapped(option=option) if option.startswith(AGAIN) and await talk.decides():
            await open_settings(talk, draft, account.family_id, option)
        case _ if settings_listen(talk, draft, event, incoming.message_id):
            await answer_settings(talk, event, draft, account.family_id)
        case Located():
            await talk.say(Card(say("flow.no_place")))
        case _:
            await answer_day(talk, account.family_id, event, incoming.message_id)


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


async def _calendars_listen(talk: Talk, event: Event | Command, draft: Draft) -> Listening | None:
    """The card of calendars that waits for these words; of two cards that do, the later one."""
    heard = await listening(talk, event)
    settings = settings_answered(draft)
    if heard is None or (settings is not None and settings > heard.since):
        return None
    return heard


async def _show_their_words(
    session: AsyncSession,
    account: Account,
    event: Event | Command,
    now: datetime,
    *,
    hidden: bool,
) -> None:
    """Shows in the browser what was typed, but for what opens something: all of it (`hidden`), or
    the addresses in it."""
    match event:
        case Typed(text=text) if text:
            words = HIDDEN if hidden else without_addresses(text)
        case Command(name="link"):
            # What stands behind it opens something, perhaps still.
            words = "/link"
        case Command(name=name, argument=argument) if name != "start":
            words = f"/{name} {without_addresses(argument)}".strip()
        case _:
            return
    await post_message(session, account.id, {"title": words}, now=now, author="them", state="sent")


async def _command(talk: Talk, name: str, argument: str, draft: Draft) -> None:
    family_id = talk.account.family_id
    if name in ("start", "link") and argument:
        await join(talk, argument, draft)
    elif name in LANGUAGES or (name == "language" and argument):
        talk = await talk.speak(language_of(argument or name))
        await talk.say(Card(say("chat.language_set")))
        await translate_card(talk, draft)
    elif name == "help":
        await talk.say(_FIRST_HELP if family_id is None else help_card())
    elif name == "forget":
        await _ask_forget(talk)
    elif name == "link":
        await offer_link(talk)
    elif family_id is None:
        # Whatever they meant, the questionnaire is where it goes on.
        await interview(talk, Opened(), draft)
    elif name == "settings":
        if await talk.decides():
            await open_settings(talk, draft, family_id)
        else:
            await talk.say(Card(say("settings.guardian")))
    elif name == "invite":
        await invite(talk, family_id, argument)
    elif name == "year":
        await open_year(talk, family_id, argument)
    elif name == "review":
        await show_review(talk, family_id)
    elif name == "comment":
        await comment(talk, family_id, argument)
    elif name == "change":
        await open_change_menu(talk)
    elif name in ("reminders", "pause", "resume"):
        await set_reminders(talk, family_id, name, argument)
    elif name == "calendars":
        address = calendar_address(argument, asked=True) if argument else None
        if address is not None:
            await paste_address(talk, family_id, address)
        else:
            await open_calendars(talk, family_id)
    elif name in ("week", "newlinks"):
        if name == "newlinks":
            if not await talk.decides():
                await talk.say(Card(say("forget.guardian")))
                return
            await lock_family(talk.session, family_id)
            await renew_feeds(talk.session, family_id, talk.dialogue.box, now=talk.now)
        await show_week(
            talk.session,
            talk.account,
            family_id,
            box=talk.dialogue.box,
            base_url=talk.dialogue.base_url,
            now=talk.now,
        )
    elif name in ("today", "start"):
        await show_today(talk.session, talk.account, family_id, now=talk.now)
    else:
        await talk.say(help_card())


async def _ask_forget(talk: Talk) -> None:
    if not await talk.decides():
        await talk.say(Card(say("forget.guardian")))
        return
    await talk.say(
        Card(
            say("forget.ask"),
            lines=(say("forget.what"),),
            rows=((Option(KEEP, say("forget.no")), Option(FORGET, say("forget.yes"))),),
        )
    )


async def _answer_forget(talk: Talk, option: str, message_id: int) -> None:
    """The second step of /forget: only a guardian's own tap erases, and only soon after."""
    session, account = talk.session, talk.account
    message = await load_message(session, message_id)
    if message is None:
        return
    erase = option == FORGET and talk.now - message.created_at <= FORGET_LIFE
    if not erase or not await talk.decides():
        await replace_card(session, account, message.id, Card(say("forget.kept")), now=talk.now)
        return
    # Said in place of the question, which stays: a browser that waits for news knows how many
    # messages there were, and would not notice one that is counted from the beginning.
    await replace_card(
        session, account, message.id, Card(say("forget.done"), farewell=True), now=talk.now
    )
    if account.family_id is not None:
        await erase_family(session, account.family_id, keep=account, keep_message=message.id)
        return
    for chat in await accounts_sharing(session, account.draft_owner):
        await chat_scope(session, chat.id)
        keep = message.id if chat.id == account.id else None
        await erase_chat(session, chat, keep_message=keep)
