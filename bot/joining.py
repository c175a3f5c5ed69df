"""How chats come to a family: codes for another device, invitations of adults, recovery."""

import re
from dataclasses import replace

from bot.conversations.answers import check_name, short, tidy_person
from bot.conversations.cards import Card, Link, Option
from bot.daily import show_week
from bot.interview import give_recovery_code, put_away, share_with, take_draft
from bot.outbox import replace_card
from bot.talk import Talk
from bot.welcome import CONSENT_VERSION
from core.phrase import say
from core.text import name_key
from db.calendars import create_feeds
from db.conversations import (
    Account,
    Draft,
    accounts_of,
    load_account,
    load_draft,
    record_consent,
    share_draft,
)
from db.families import (
    STORAGE,
    FamilyAdult,
    adopt_chat,
    family_adults,
    family_name,
    invite_adult,
    is_guardian,
    set_role,
)
from db.links import (
    DEVICE_LIFE,
    INVITATION_LIFE,
    Purpose,
    Redeemed,
    code_works,
    create_code,
    end_invitation,
    invited,
    redeem_code,
    withdraw_invitations,
)
from db.session import chat_scope, family_scope, lock_family, no_family_scope

COME, STAY = "join-come", "join-stay"
LET_IN, TURN_AWAY, ASK, GUARDIAN, HELPER = "join-let", "join-no", "ask", "guardian", "helper"
_OPTIONS = re.compile(rf"({LET_IN}|{TURN_AWAY}|{ASK}|{GUARDIAN}|{HELPER})-(\d{{1,10}})")
"""Options of the cards here. What stands behind the last dash is a chat account of whom is let in
or turned away, else an adult."""


async def offer_link(talk: Talk) -> None:
    """A code that joins another device or chat to the same person."""
    account = talk.account
    code = await create_code(
        talk.session,
        Purpose.DEVICE,
        DEVICE_LIFE,
        now=talk.now,
        family_id=account.family_id,
        adult_id=account.adult_id,
        chat_account_id=account.draft_owner,
    )
    address = _address(talk, code)
    minutes = int(DEVICE_LIFE.total_seconds() // 60)
    await talk.say(
        Card(
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
    )


async def join(talk: Talk, code: str, own: Draft) -> None:
    """Somebody gives a code: another device of a person, an imported family's parent, somebody
    who lost all chats, or an adult who was invited."""
    if talk.account.family_id is not None:
        # Not redeemed, so that the code still works for the chat that it was meant for.
        await talk.say(Card(say("chat.joined_before")))
        return
    if await code_works(talk.session, code, now=talk.now):
        # Whoever comes by another code no longer waits behind an earlier invitation.
        await end_invitation(talk.session, talk.account.id)
    found = await redeem_code(talk.session, code, now=talk.now, by=talk.account.id)
    if found is None:
        await talk.say(Card(say("chat.code_unknown")))
    elif found.purpose is Purpose.INVITATION:
        await _show_invitation(talk, found)
    elif found.family_id is None:
        await _join_person(talk, found, own)
    else:
        await _join_family(talk, found, found.family_id, own)


async def _join_person(talk: Talk, found: Redeemed, own: Draft) -> None:
    """The chat becomes another one of somebody who is still answering the questionnaire."""
    other = await load_account(talk.session, found.chat_account_id or 0)
    if other is not None and other.family_id is not None:
        # The questionnaire was submitted since the code was made.
        with_family = replace(found, family_id=other.family_id, adult_id=other.adult_id)
        await _join_family(talk, with_family, other.family_id, own)
        return
    # Its chat may have joined somebody since, perhaps us.
    owner = other.draft_owner if other else None
    if owner is None or owner == talk.account.draft_owner:
        await talk.say(Card(say("chat.code_unknown")))
        return
    await share_draft(talk.session, talk.account.id, owner)
    talk, shared = await take_draft(talk)
    await talk.say(Card(say("chat.joined_person")))
    await share_with(talk, shared, own)


async def _join_family(talk: Talk, found: Redeemed, family_id: int, own: Draft) -> None:
    await _admit(talk, talk.account, own, family_id, found.adult_id)
    if found.purpose is Purpose.DEVICE and found.chat_account_id is not None:
        other = await load_account(talk.session, found.chat_account_id)
        if other is not None and other.draft_owner != talk.account.id:
            await share_draft(talk.session, talk.account.id, other.draft_owner)
    if found.purpose is Purpose.RECOVERY:
        await give_recovery_code(talk, family_id, found.adult_id)


async def _admit(
    talk: Talk, account: Account, draft: Draft, family_id: int, adult_id: int | None
) -> None:
    """The chat is the adult's from now on, and sees the week; its own draft is put away."""
    await chat_scope(talk.session, account.id)
    await put_away(talk, account, draft)
    await family_scope(talk.session, family_id)
    await adopt_chat(talk.session, account, family_id, adult_id)
    joined = replace(account, family_id=family_id, adult_id=adult_id)
    await chat_scope(talk.session, talk.account.id)
    await talk.say_to(joined, Card(say("chat.joined")))
    await chat_scope(talk.session, joined.id)
    await show_week(
        talk.session,
        joined,
        family_id,
        box=talk.dialogue.box,
        base_url=talk.dialogue.base_url,
        now=talk.now,
    )
    await chat_scope(talk.session, talk.account.id)


async def invite(talk: Talk, family_id: int, name: str) -> None:
    """Asks which adult is to be invited, or what the adult called `name` may do."""
    if not await talk.decides():
        await talk.say(Card(say("invite.guardian")))
        return
    adults = await family_adults(talk.session, family_id)
    if not name:
        options = [
            Option(f"{ASK}-{adult.id}", say("verbatim", text=short(adult.name)))
            for adult in adults
            if not adult.chats
        ]
        await talk.say(
            Card(
                say("invite.ask"),
                lines=(say("invite.why"),),
                rows=tuple(tuple(options[n : n + 2]) for n in range(0, len(options), 2)),
                hint=say("invite.hint"),
            )
        )
        return
    name = tidy_person(name)
    problem = check_name(name)
    if problem is not None:
        await talk.say(Card(problem.phrase))
        return
    there = next((a for a in adults if name_key(a.name) == name_key(name)), None)
    if there is not None and there.chats:
        await talk.say(Card(say("invite.there", name=there.name)))
        return
    await lock_family(talk.session, family_id)
    adult_id = there.id if there else await invite_adult(talk.session, family_id, name, talk.now)
    await create_feeds(talk.session, family_id, talk.dialogue.box)
    await talk.say(_role_card(there.name if there else name, adult_id))


def is_answer(option: str) -> bool:
    """Whether an option belongs to a card of this module."""
    return option in (COME, STAY) or _OPTIONS.fullmatch(option) is not None


async def answer_invitation(talk: Talk, option: str, message_id: int) -> None:
    """A tap on a card of this module."""
    if option in (COME, STAY):
        await _answer_as_guest(talk, message_id, comes=option == COME)
        return
    verb, number = _OPTIONS.fullmatch(option).groups()  # type: ignore[union-attr]
    family_id = talk.account.family_id
    if family_id is None or not await talk.decides():
        await _instead(talk, message_id, Card(say("invite.guardian")))
    elif verb in (LET_IN, TURN_AWAY):
        await _answer_as_host(talk, message_id, family_id, int(number), lets_in=verb == LET_IN)
    else:
        adults = await family_adults(talk.session, family_id)
        adult = next((a for a in adults if a.id == int(number) and not a.chats), None)
        if adult is None:
            await _instead(talk, message_id, Card(say("invite.gone")))
        elif verb == ASK:
            await _instead(talk, message_id, _role_card(adult.name, adult.id))
        else:
            await set_role(talk.session, adult.id, verb)
            await _show_code(talk, message_id, family_id, adult)


def _role_card(name: str, adult_id: int) -> Card:
    return Card(
        say("invite.role", name=name),
        lines=(say("invite.role_guardian"), say("invite.role_helper")),
        rows=(
            (
                Option(f"{GUARDIAN}-{adult_id}", say("invite.guardian_too")),
                Option(f"{HELPER}-{adult_id}", say("invite.helper")),
            ),
        ),
    )


async def _show_code(talk: Talk, message_id: int, family_id: int, adult: FamilyAdult) -> None:
    await withdraw_invitations(talk.session, adult.id)
    code = await create_code(
        talk.session,
        Purpose.INVITATION,
        INVITATION_LIFE,
        now=talk.now,
        family_id=family_id,
        adult_id=adult.id,
        chat_account_id=talk.account.id,
    )
    web, telegram = _address(talk, code), _deep_link(talk, code)
    links = [Link(say("invite.link_web"), web)]
    if telegram:
        links.insert(0, Link(say("invite.link_telegram"), telegram))
    await _instead(
        talk,
        message_id,
        Card(
            say("invite.code", name=adult.name),
            lines=(
                say("invite.how"),
                say("chat.link_code", code=code),
                say("invite.once", count=INVITATION_LIFE.days),
            ),
            links=tuple(links),
            qr=telegram or web,
            secret=True,
        ),
    )


async def _show_invitation(talk: Talk, found: Redeemed) -> None:
    """Tells a guest who invites, and what is kept of those who come."""
    if found.family_id is None:
        return
    await family_scope(talk.session, found.family_id)
    name = await family_name(talk.session, found.family_id)
    await no_family_scope(talk.session)
    await talk.say(
        Card(
            say("invite.guest", name=name),
            lines=(say("consent.what"), say("consent.who"), say("consent.how_long")),
            rows=((Option(COME, say("invite.come")), Option(STAY, say("invite.stay"))),),
        )
    )


async def _answer_as_guest(talk: Talk, message_id: int, *, comes: bool) -> None:
    invitation = await invited(talk.session, talk.account.id, now=talk.now)
    if invitation is None or talk.account.family_id is not None:
        await _instead(talk, message_id, Card(say("invite.gone")))
        return
    if not comes:
        await end_invitation(talk.session, talk.account.id)
        await _instead(talk, message_id, Card(say("invite.stayed")))
        return
    await record_consent(
        talk.session,
        kind=STORAGE,
        version=CONSENT_VERSION,
        source="invitation",
        now=talk.now,
        chat_account_id=talk.account.id,
    )
    await _instead(talk, message_id, Card(say("invite.waiting")))
    host = await load_account(talk.session, invitation.invited_by)
    await family_scope(talk.session, invitation.family_id)
    if host is None or host.family_id != invitation.family_id:
        # The chat that invited is gone; any other guardian's can answer as well.
        host = await _any_guardian(talk, invitation.family_id)
    if host is None:
        await no_family_scope(talk.session)
        await _instead(talk, message_id, Card(say("invite.gone")))
        return
    adults = await family_adults(talk.session, invitation.family_id)
    adult = next(adult for adult in adults if adult.id == invitation.adult_id)
    guest = talk.account.id
    who = say("verbatim", text=talk.hints.name) if talk.hints.name else say("invite.nameless")
    channel = say(f"invite.channel.{talk.account.channel}")
    await talk.say_to(
        host,
        Card(
            say("invite.confirm", name=adult.name),
            lines=(say("invite.confirm_who", who=who, channel=channel),),
            rows=(
                (
                    Option(f"{LET_IN}-{guest}", say("invite.let_in")),
                    Option(f"{TURN_AWAY}-{guest}", say("invite.turn_away")),
                ),
            ),
        ),
    )
    await no_family_scope(talk.session)


async def _any_guardian(talk: Talk, family_id: int) -> Account | None:
    for account in await accounts_of(talk.session, family_id):
        if await is_guardian(talk.session, account.adult_id):
            return account
    return None


async def _answer_as_host(
    talk: Talk, message_id: int, family_id: int, guest_id: int, *, lets_in: bool
) -> None:
    guest = await load_account(talk.session, guest_id)
    if guest is None:
        await _instead(talk, message_id, Card(say("invite.gone")))
        return
    # Chats are locked before messages: the guest may be writing to us in this very moment, or
    # changing their mind.
    await chat_scope(talk.session, guest.draft_owner)
    draft = await load_draft(talk.session, guest.draft_owner)
    await chat_scope(talk.session, talk.account.id)
    invitation = await invited(talk.session, guest_id, now=talk.now)
    guest = await load_account(talk.session, guest_id)
    if (
        invitation is None
        or guest is None
        or invitation.family_id != family_id
        or guest.family_id is not None
    ):
        await _instead(talk, message_id, Card(say("invite.gone")))
        return
    await end_invitation(talk.session, guest_id)
    adults = await family_adults(talk.session, family_id)
    name = next(adult.name for adult in adults if adult.id == invitation.adult_id)
    if lets_in:
        await _instead(talk, message_id, Card(say("invite.let_in_done", name=name)))
        await _admit(talk, guest, draft, family_id, invitation.adult_id)
        return
    await _instead(talk, message_id, Card(say("invite.turned_away")))
    await no_family_scope(talk.session)
    await talk.say_to(guest, Card(say("invite.gone")))
    await family_scope(talk.session, family_id)


async def _instead(talk: Talk, message_id: int, card: Card) -> None:
    await replace_card(
        talk.session, talk.account, message_id, card, now=talk.now, box=talk.dialogue.box
    )


def _address(talk: Talk, code: str) -> str:
    # Behind the "#", which no server and no log sees.
    return f"{talk.dialogue.base_url}/chat#start={code}"


def _deep_link(talk: Talk, code: str) -> str | None:
    return f"https://t.me/{talk.bot_name}?start={code}" if talk.bot_name else None
