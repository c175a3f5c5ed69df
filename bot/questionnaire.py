"""The questionnaire with what it needs from outside: places, addresses, languages."""

from functools import cache

from email_validator import EmailNotValidError, validate_email

from bot.conversations.flow import Flow
from bot.conversations.onboarding import Known, onboarding, settings
from bot.places import find_places
from bot.texts import LANGUAGES, translator

LONGEST_EMAIL = 255
"""Characters that `users.email` holds."""


def check_email(text: str) -> str | None:
    """The address in its normal form; None if it is none. Nothing is looked up."""
    try:
        found = validate_email(text.strip(), check_deliverability=False)
    except EmailNotValidError:
        return None
    return found.normalized if len(found.normalized) <= LONGEST_EMAIL else None


@cache
def questionnaire() -> Flow:
    """The questionnaire as both channels ask it."""
    return onboarding(_known())


@cache
def family_settings() -> Flow:
    """The same questions for a family that has a week."""
    return settings(_known())


def _known() -> Known:
    return Known(
        find_places=find_places,
        check_email=check_email,
        translators={language: translator(language) for language in LANGUAGES},
    )
