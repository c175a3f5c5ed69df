"""What a button holds, and the plain yes, no and back."""

from core.grammar.words import fold, vocabulary

LABEL = 19
"""Characters that a button's label may have."""


def short(text: str) -> str:
    """A name as it fits on a button."""
    return text if len(text) <= LABEL else f"{text[: LABEL - 1].rstrip()}…"


_YES = vocabulary(
    "y|yes|yep|yeah|yup|sure|ok|okay|fine|good|great|perfect|correct|right|looks right|looks good|"
    "i agree|agree|accept|continue|next|done|that's all|thats all|that is all|ready|go|si|claro|"
    "vale|bien|perfecto|correcto|esta bien|de acuerdo|acepto|estoy de acuerdo|continuar|siguiente|"
    "listo|lista|eso es todo|ya|✅|👍|👌|✔️|✔|🆗"
)
_NO = vocabulary(
    "n|no|nope|none|nothing|nothing regular|nothing fixed|nothing yet|none yet|never|no thanks|"
    "no thank you|skip|not now|no more|nada|nada regular|nada fijo|por ahora nada|ninguno|ninguna|"
    "nunca|no gracias|no, gracias|saltar|omitir|nada mas|no hay|👎|❌"
)
_BACK = vocabulary("back|go back|previous|<|atras|volver|anterior|regresar|⬅️|◀️|🔙")


def _word(text: str) -> str:
    return fold(text).strip(" .!¡,")


def means_yes(text: str) -> bool:
    return _word(text) in _YES


def means_no(text: str) -> bool:
    return _word(text) in _NO


def means_back(text: str) -> bool:
    return _word(text) in _BACK
