"""The addresses under which a family's week can be seen. `base` is PUBLIC_URL without a slash."""

UID_DOMAIN = "brightpath"
"""What stands behind the @ of every UID that we give."""


def feed_url(base: str, token: str) -> str:
    """A calendar feed."""
    return f"{base}/feeds/{token}.ics"


def week_url(base: str, token: str) -> str:
    """The page of the week."""
    return f"{base}/week/{token}"


def webcal_url(address: str) -> str:
    """The address by which a calendar app subscribes: the same with the `webcal` scheme.

    `ValueError` for an address that is neither http nor https.
    """
    scheme, separator, rest = address.partition("://")
    if not separator or scheme.lower() not in ("http", "https"):
        raise ValueError("a feed has an http or https address")
    return f"webcal://{rest}"
