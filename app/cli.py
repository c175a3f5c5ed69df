"""The `brightpath` command."""

import asyncio
import json
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from app import doctor as doctors
from app.embedded import EmbeddedError, EmbeddedServer
from app.embedded import start as start_embedded
from app.families import export_family, import_family
from app.logs import configure as configure_logs
from app.plan_output import explanation, plan_document
from app.planning import solve_and_check
from app.program import open_services
from app.serve import PortTaken, Role, bind, serve, stop_on_signals
from app.services import libpq_url, sqlalchemy_url
from app.settings import KeyUnusable, Settings
from bot.texts import translator
from db.document import DocumentError, parse_document, to_request
from db.families import EmailTaken
from db.migrate import DatabaseUnusable, UnknownRevision, upgrade
from db.roles import RoleMissing

cli = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Plans a homeschooling family's week from a chat, and keeps it mended.",
)
# Addresses are copied from the terminal: a line is never broken to fit its width.
say = Console(stderr=True, highlight=False, soft_wrap=True)

T = TypeVar("T")

LARGEST_ID = 2**31 - 1
"""The largest id that the database's `integer` holds."""


def main() -> None:
    """Entry point of the `brightpath` script."""
    # Asked to end, we still leave in order: an embedded PostgreSQL stops with us.
    signal.signal(signal.SIGTERM, _leave)
    try:
        cli()
    except KeyUnusable as error:
        print(error, file=sys.stderr)
        sys.exit(1)


def _leave(number: int, _frame: object) -> NoReturn:
    sys.exit(128 + number)


def _run(work: Coroutine[Any, Any, T]) -> T:
    """The result of `work`. SIGTERM cancels it: an exit raised in the middle of the loop can get
    lost in a callback."""

    async def cancellable() -> T:
        task = asyncio.ensure_future(work)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        return await task

    try:
        return asyncio.run(cancellable())
    except asyncio.CancelledError:
        sys.exit(128 + signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, _leave)


def _fail(message: str, code: int) -> NoReturn:
    print(message, file=sys.stderr)
    raise typer.Exit(code)


def _settings() -> Settings:
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]).upper() if first["loc"] else "settings"
        _fail(f"{name}: {first['msg'].removeprefix('Value error, ')}", 2)


@contextmanager
def _server(settings: Settings) -> Iterator[str]:
    """The address of the database; an embedded one runs for as long as the block does."""
    server: EmbeddedServer | None = None
    if settings.database_url is not None:
        url = settings.database_url.get_secret_value()
    else:
        try:
            server = start_embedded(settings.brightpath_home)
        except EmbeddedError as error:
            _fail(str(error), 1)
        url = server.url
    try:
        yield url
    finally:
        if server is not None:
            server.stop()


@contextmanager
def _database(settings: Settings) -> Iterator[str]:
    """As `_server`, with the schema brought up to date."""
    with _server(settings) as url:
        try:
            upgrade(sqlalchemy_url(url))
        except (DatabaseUnusable, UnknownRevision, RoleMissing) as error:
            _fail(str(error), 1)
        yield url


def _document(path: Path) -> object:
    try:
        content = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
        return json.loads(content.decode())
    except OSError as error:
        _fail(f"{path}: cannot be read: {error.strerror}", 2)
    except UnicodeDecodeError:
        _fail(f"{path}: is not UTF-8 text", 2)
    except json.JSONDecodeError as error:
        _fail(f"{path}: is not JSON: {error.msg} in line {error.lineno}", 2)
    except ValueError:
        _fail(f"{path}: holds a number with too many digits", 2)
    except RecursionError:
        _fail(f"{path}: is nested too deeply", 2)


def _print_json(value: object) -> None:
    # JSON is UTF-8, whatever the terminal's encoding can show.
    sys.stdout.buffer.write(json.dumps(value, ensure_ascii=False, indent=1).encode() + b"\n")


@contextmanager
def _progress() -> Iterator[Callable[[float], None]]:
    """Shows the share of the work that it is told, on a terminal; nowhere else anything."""
    if not sys.stderr.isatty():
        yield lambda share: None
        return
    columns = TextColumn("Planning"), BarColumn(), TaskProgressColumn()
    with Progress(*columns, console=say, transient=True) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda share: bar.update(task, completed=share)


def _serve(roles: frozenset[Role]) -> None:
    settings = _settings()
    configure_logs(json=not sys.stderr.isatty())
    try:
        listener = bind(settings.host, settings.port) if Role.WEB in roles else None
    except PortTaken as error:
        _fail(f"{error}. Is BrightPath running already? Another port: PORT=8001 make run", 1)

    def ready() -> None:
        if Role.WEB in roles:
            chat = escape(f"{settings.base_url}/chat")
            say.print(f"BrightPath is ready. Open the chat: [bold]{chat}[/bold]")
            say.print("Stop it with Ctrl-C.")
        else:
            say.print("BrightPath is ready: " + ", ".join(sorted(roles)))

    async def everything(url: str) -> None:
        stop = stop_on_signals()
        async with open_services(settings, url) as services:
            await serve(services, roles, listener=listener, ready=ready, stop=stop)

    with listener or nullcontext(), _database(settings) as url:
        asyncio.run(everything(url))


@cli.command()
def run() -> None:
    """Run everything in one process: web, worker and clock."""
    _serve(frozenset(Role))


@cli.command()
def web() -> None:
    """Run the web server alone (chat, feeds, webhook or polling)."""
    _serve(frozenset({Role.WEB}))


@cli.command()
def worker() -> None:
    """Run a worker alone (answers updates, plans weeks, sends messages)."""
    _serve(frozenset({Role.WORKER}))


@cli.command()
def clock() -> None:
    """Run the clock alone (finds what is due each minute)."""
    _serve(frozenset({Role.CLOCK}))


@cli.command()
def migrate() -> None:
    """Bring the database's schema up to date."""
    with _database(_settings()):
        say.print("The database is up to date.")


@cli.command()
def plan(
    family: Annotated[Path, typer.Argument(help="A family document, or - for standard input.")],
    time_limit: Annotated[
        float, typer.Option(min=0.1, max=3600, help="Seconds after which to stop.")
    ] = 10.0,
    explain: Annotated[
        bool,
        typer.Option(
            "--explain",
            help="Also say, on standard error, why each lesson stands where it stands.",
        ),
    ] = False,
) -> None:
    """Plan a week without database or network and print it as JSON."""
    try:
        request = to_request(parse_document(_document(family)))
    except DocumentError as error:
        _fail(str(error), 2)
    # Imported here: numpy takes half a second to load, which only planning should pay.
    from core.kernel.arrays import COMPILED

    if not COMPILED:
        say.print("Planning takes longer here: numba, which compiles the engine, is missing.")
    with _progress() as watched:
        result = solve_and_check(request, time_limit=time_limit, watched=watched)
    translate = translator("en")
    _print_json(plan_document(result, translate))
    if explain:
        for line in explanation(result, translate):
            say.print(line, markup=False, emoji=False)


@cli.command("import")
def import_(
    family: Annotated[Path, typer.Argument(help="A family document, or - for standard input.")],
) -> None:
    """Create a family from a document, plan its first weeks, print its ids and addresses."""
    settings = _settings()
    configure_logs(json=not sys.stderr.isatty())
    try:
        document = parse_document(_document(family))
    except DocumentError as error:
        _fail(str(error), 2)

    async def create(url: str) -> dict[str, object]:
        async with open_services(settings, url) as services:
            return await import_family(services, document)

    with _database(settings) as url:
        try:
            result = _run(create(url))
        except (DocumentError, EmailTaken) as error:
            _fail(str(error), 2)
    _print_json(result)


@cli.command()
def export(family_id: Annotated[int, typer.Argument(help="The family's id.")]) -> None:
    """Print a family as a document that `import` takes, with its weeks and logs beside it."""
    settings = _settings()
    configure_logs(json=not sys.stderr.isatty())

    if family_id > LARGEST_ID:
        _fail(f"There is no family {family_id}.", 2)

    async def read(url: str) -> dict[str, object] | None:
        async with open_services(settings, url) as services:
            return await export_family(services, family_id)

    with _database(settings) as url:
        result = _run(read(url))
    if result is None:
        _fail(f"There is no family {family_id}.", 2)
    _print_json(result)


@cli.command()
def doctor() -> None:
    """Check settings, database, Telegram and Google, and say what to mend."""
    settings = _settings()
    configure_logs(json=not sys.stderr.isatty())
    # Only a database of our own making is migrated by looking at it.
    with (_database if settings.database_url is None else _server)(settings) as url:
        findings = _run(doctors.examine(settings, libpq_url(url)))
    for finding in findings:
        mark = "[green]ok[/green]  " if finding.ok else "[red]mend[/red]"
        say.print(f"{mark} {escape(finding.text)}")
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)
