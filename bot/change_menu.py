"""/change in a chat: a menu that ends in the same requests as words do."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from bot.conversations.cards import Card
from bot.conversations.change_menu import Choices, Stored, change_tapped, menu_card
from bot.conversations.requests import Ground
from bot.daily import today_of
from bot.outbox import replace_card
from bot.requests import ask_for
from bot.talk import Talk
from core.phrase import say
from core.plan import ItemType
from core.rearrange import has_begun
from core.week import wall
from db.families import load_family
from db.items import load_items

SHOWN = timedelta(days=3)
"""How far ahead lessons are offered to be moved; words can name any."""


async def open_change_menu(talk: Talk) -> None:
    """Shows what can be changed to who decides."""
    card = menu_card() if await talk.decides() else Card(say("change.guardian"))
    await talk.say(card)


async def tap_change_menu(talk: Talk, family_id: int, option: str, message_id: int) -> None:
    """A button of the menu, answered in place."""
    session, account, now = talk.session, talk.account, talk.now
    if not await talk.decides():
        await replace_card(session, account, message_id, Card(say("change.guardian")), now=now)
        return
    family = await load_family(session, family_id)
    today, local = today_of(family, now), wall(now, ZoneInfo(family.timezone))
    stored = await load_items(session, family_id, today, today + SHOWN)
    lessons = [
        Stored(each.id, each.item)
        for each in stored
        if each.item.type is ItemType.SUBJECT
        and not each.item.completed
        and not has_begun(local, each.item.date, each.item.start)
    ]
    step = change_tapped(option, Choices(family, lessons, today))
    if isinstance(step, Card):
        await replace_card(session, account, message_id, step, now=now)
        return
    ground = Ground(family, [each.item for each in stored], today)
    await ask_for(talk, family_id, step, ground, message_id=message_id)
