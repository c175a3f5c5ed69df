"""Structured logs that cannot carry a child's data: only listed fields pass."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

FIELDS = frozenset(
    {
        "account_id",
        "attempt",
        "channel",
        "children",
        "count",
        "error",
        "event",
        "family_id",
        "host",
        "inbox_id",
        "job_id",
        "kind",
        "level",
        "message_id",
        "pause",
        "method",
        "port",
        "reason",
        "reminder_id",
        "revision",
        "schedule_id",
        "seconds",
        "status",
        "task",
        "timestamp",
        "update_id",
        "where",
    }
)
"""What a log line may say. `error` is the name of an exception's class, never its message, and
`where` the line that raised it."""


def only_listed(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Drops every field that is not listed, and names an exception by its class alone."""
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    if isinstance(error, BaseException):
        event["error"] = type(error).__name__
        event["where"] = _where(error)
    return {name: value for name, value in event.items() if name in FIELDS}


def _where(error: BaseException) -> str:
    """The module and line that raised an exception, which say nothing of a family."""
    trace = error.__traceback__
    if trace is None:
        return "?"
    while trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}"


class _ListedFormatter(logging.Formatter):
    """Other libraries' records, without their arguments' text: logger, level and error class."""

    def format(self, record: logging.LogRecord) -> str:
        raised = record.exc_info[1] if record.exc_info else None
        error = f" error={type(raised).__name__} where={_where(raised)}" if raised else ""
        return f"{self.formatTime(record)} {record.levelname.lower()} {record.name}{error}"


def configure(*, json: bool) -> None:
    """Sets logging up for the process; `json` for machines, else one readable line each."""
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            only_listed,
            renderer,
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_ListedFormatter())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    # Its rate limiter reports every 429 as an error with a trace; `app.delivery` deals with them.
    logging.getLogger("telegram").setLevel(logging.CRITICAL)
