"""The commands and their options; each is carried out by a function of a module beside this one."""

import argparse
import importlib
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import milter
from milter import log
from milter.cli.choices import EVIDENCE, LISTS, ROLES, VERDICTS
from milter.errors import ConfigurationError, RequestError, SealgateError

Command = Callable[[argparse.Namespace], int]
DONE, FAILED, WRONG = 0, 1, 2
HIGHEST_PORT = 65_532  # the demonstration takes the next three too


@dataclass(frozen=True, slots=True)
class _Later:
    """A command whose module is imported when it is carried out: the gateway starts without the others' needs."""

    module: str
    name: str

    def resolved(self) -> Command:
        """Import it."""
        command: Command = getattr(importlib.import_module(self.module), self.name)
        return command

    def __call__(self, arguments: argparse.Namespace) -> int:
        return self.resolved()(arguments)


@dataclass(frozen=True, slots=True)
class _Module:
    """A module of commands by its name."""

    module: str

    def __getattr__(self, name: str) -> _Later:
        return _Later(self.module, name)


accounts = _Module("milter.cli.accounts")
addin = _Module("milter.cli.addin")
doctor = _Module("milter.cli.doctor")
feedback = _Module("milter.cli.feedback")
keeping = _Module("milter.cli.keeping")
looking = _Module("milter.cli.looking")
matching = _Module("milter.cli.matching")
partners = _Module("milter.cli.partners")
records = _Module("milter.cli.records")
running = _Module("milter.cli.running")
sharing = _Module("milter.cli.sharing")

ABOUT = """\
Sealgate stands between a council's mail server and the world. It finds personal information in outgoing mail
and sees that it leaves only in the way the sharing rules allow.

To try it:        sealgate demo

To run it:        sealgate check-config --config /etc/sealgate && sealgate serve --config /etc/sealgate

To ask it:        sealgate explain --from a@council.gov.uk --to b@school.sch.uk MESSAGE.eml
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code: 0 done, 1 it failed, 2 wrong usage or configuration."""
    given = parser().parse_args(arguments)
    command: Command | None = getattr(given, "command", None)
    if command is None:
        parser().print_help()
        return WRONG
    log.configure(os.environ.get("SEALGATE_LOG", "info"), json=not sys.stderr.isatty())
    try:
        return command(given)
    except ConfigurationError as error:
        sys.stderr.write("\n".join(str(problem) for problem in error.problems) + "\n")
        return WRONG
    except RequestError as error:
        sys.stderr.write(f"sealgate: {error}\n")
        return FAILED
    except SealgateError as error:
        sys.stderr.write(f"sealgate: {error}\n")
        return FAILED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except KeyboardInterrupt:
        return FAILED


def parser() -> argparse.ArgumentParser:
    """Give the parser of the whole command line; shell completion is made of it too."""
    top = argparse.ArgumentParser(
        prog="sealgate", description=ABOUT, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    top.add_argument("--version", action="version", version=f"sealgate {milter.__version__}")
    commands = top.add_subparsers(title="commands", metavar="COMMAND")
    _running(commands)
    _looking(commands)
    _hold(commands)
    _share(commands)
    _partners(commands)
    _match(commands)
    _feedback(commands)
    _records(commands)
    _accounts(commands)
    _addin(commands)
    return top


def _command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    does: Command,
    words: str,
    more: str = "",
) -> argparse.ArgumentParser:
    sub = commands.add_parser(name, help=words, description=f"{words[0].upper()}{words[1:]}. {more}".strip())
    sub.set_defaults(command=does)
    return sub


def _config(sub: argparse.ArgumentParser, *, needed: bool = False) -> None:
    words = "folder of the configuration" + ("" if needed else "; the shipped one where it is not given")
    sub.add_argument("--config", metavar="DIR", required=needed, type=Path, help=words)


def _count(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 up")
    return int(text)


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= HIGHEST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is no port from 1 to {HIGHEST_PORT}")
    return int(text)


def _running(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    serve = _command(
        commands,
        "serve",
        running.serve,
        "run the gateway in the foreground",
        "SIGTERM finishes what is under way and stops; SIGHUP reads the policy anew.",
    )
    _config(serve, needed=True)
    pages = _command(
        commands,
        "pages",
        running.pages,
        "run one of the web applications in the foreground",
        "receipt: recipients confirm; admin: reviewers, information governance, IT; addin: Outlook asks.",
    )
    pages.add_argument("application", choices=("receipt", "admin", "addin"))
    _config(pages, needed=True)
    demo = _command(
        commands,
        "demo",
        running.demo,
        "show the gateway at work on sample mail, on this machine only",
        "It then keeps running, so that you can send mail of your own to it. Ctrl-C ends it.",
    )
    demo.add_argument("--port", type=_port, default=2525, help="of the gateway; the next ones serve the rest")
    demo.add_argument("--once", action="store_true", help="print the table and stop")
    check = _command(
        commands,
        "check-config",
        running.check_config,
        "check the configuration",
        "Every mistake is named with its file, line, cause and cure. Exit code 2 where there is one.",
    )
    _config(check, needed=True)
    check.add_argument("--print", action="store_true", help="print the settings in force, defaults included")
    routes = _command(
        commands, "routes", running.routes, "print who may get what, and by which way, on one page"
    )
    _config(routes)
    migrate = _command(commands, "migrate", records.migrate, "bring the store's tables up to this version")
    _config(migrate, needed=True)
    completion = _command(commands, "completion", running.completion, "print a shell's completion script")
    completion.add_argument("shell", choices=("bash", "zsh", "tcsh"))


def _looking(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    explain = _command(
        commands,
        "explain",
        looking.explain,
        "say what would be done with a message and why, without doing it",
        "The envelope is taken from the headers where it is not given. With --from and --to but no file, it says"
        " which row of the route table decides for each kind of mail.",
    )
    explain.add_argument(
        "--from", dest="sender", metavar="ADDRESS", help="envelope sender; '' is the null sender"
    )
    explain.add_argument("--to", nargs="+", action="extend", metavar="ADDRESS", help="envelope recipients")
    explain.add_argument(
        "--evidence",
        choices=[word for word in EVIDENCE if word != "internal"],
        help="without a file: suppose that this is known of the way",
    )
    explain.add_argument(
        "--look-up", action="store_true", help="without a file: ask DNS what is known of the way"
    )
    detect = _command(
        commands,
        "detect",
        looking.detect,
        "say what personal information files hold, such as docx, csv, pdf or eml",
    )
    for sub in (explain, detect):
        _config(sub)
        sub.add_argument("file", nargs="*", metavar="FILE", help="a path; '-' reads standard input")
        sub.add_argument(
            "--files-from", metavar="LIST", help="a file with one path a line; '-' for standard input"
        )
        sub.add_argument("--json", action="store_true", help="one JSON object a file and a line")
        sub.add_argument("--reveal", action="store_true", help="show what was found unmasked, for evaluation")


def _match(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    match = _command(commands, "match", matching.listing, "lists of people that mail is searched for")
    acts = match.add_subparsers(title="acts", metavar="ACT", required=True)
    load = _command(
        acts,
        "load",
        matching.load,
        "load an export of pupils or clients (CSV)",
        "Only keyed digests are kept. Identifiers match alone, names with their date of birth.",
    )
    load.add_argument("file", metavar="FILE", type=Path)
    load.add_argument("--name", default="people", help="of the list, which this one replaces")
    load.add_argument(
        "--column",
        action="append",
        metavar="HEADING=KIND",
        help="say what a column holds, such as 'LCS no=reference'",
    )
    load.add_argument("--dry-run", action="store_true", help="only say what would be loaded")
    listing = _command(acts, "list", matching.listing, "show the lists that are loaded")
    forget = _command(acts, "forget", matching.forget, "destroy a list")
    forget.add_argument("name", metavar="NAME")
    for sub in (load, listing, forget):
        _config(sub, needed=True)


def _feedback(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    sub = _command(
        commands,
        "feedback",
        feedback.feedback_command,
        "say whether a reason or finding was right, or show what was said",
        "Kept for tuning as features, never as content. Without a reference it shows the counts.",
    )
    _config(sub, needed=True)
    sub.add_argument("reference", nargs="?", metavar="REFERENCE", help="of the message or held message")
    sub.add_argument("--code", help="a reason such as first-mail, or a kind of finding such as nhs-number")
    sub.add_argument("--verdict", choices=VERDICTS, default="false-positive")
    sub.add_argument("--days", type=_count, default=90, help="how far back to count")
    sub.add_argument("--json", action="store_true", help="every verdict with its features, one a line")


def _hold(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    hold = _command(commands, "hold", records.hold_list, "the quarantine: held messages")
    acts = hold.add_subparsers(title="acts", metavar="ACT", required=True)
    listing = _command(acts, "list", records.hold_list, "list what waits for a decision")
    listing.add_argument("--all", action="store_true", help="what was decided too")
    show = _command(acts, "show", records.hold_show, "show who, to whom, why, and what was found (masked)")
    release = _command(acts, "release", records.hold_release, "let a message go, to all or some recipients")
    release.add_argument(
        "--protected", action="store_true", help="locked by a password of its own, with all that is attached"
    )
    refuse = _command(acts, "refuse", records.hold_refuse, "refuse a message; its sender is told why")
    for sub in (listing, show, release, refuse):
        _config(sub, needed=True)
    for sub in (show, release, refuse):
        sub.add_argument("reference", metavar="REFERENCE")
    for sub in (release, refuse):
        sub.add_argument("--to", nargs="+", metavar="ADDRESS", help="only for these recipients")
        sub.add_argument(
            "--reason", required=True, help="why; it is recorded, and the sender reads a refusal's"
        )
    for sub in (listing, show):
        sub.add_argument("--json", action="store_true")


def _share(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    share = _command(
        commands, "share", sharing.listing, "protected documents that were sent, and their passwords"
    )
    acts = share.add_subparsers(title="acts", metavar="ACT", required=True)
    listing = _command(acts, "list", sharing.listing, "list shares")
    listing.add_argument("--state", action="append", help="only in this state")
    show = _command(acts, "show", sharing.show, "show one share and its history")
    withdraw = _command(acts, "withdraw", sharing.withdraw, "take a share back before its password is out")
    card = _command(acts, "card", sharing.card, "print the telephone card: whom to ring, and the password")
    told = _command(acts, "told", sharing.told, "record that the password was told by telephone")
    told.add_argument("--name", required=True, help="of the person who was told")
    told.add_argument("--job-title", required=True)
    reissue = _command(acts, "reissue", sharing.reissue, "send a lost password once more")
    for sub in (listing, show, withdraw, card, told, reissue):
        _config(sub, needed=True)
    for sub in (show, withdraw, card, told, reissue):
        sub.add_argument("reference", metavar="REFERENCE")
    for sub in (withdraw, card, reissue):
        sub.add_argument("--reason", required=True)
    for sub in (listing, show):
        sub.add_argument("--json", action="store_true")


def _partners(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    who = _command(
        commands, "partners", partners.listing, "organisations that are known, and their passwords"
    )
    acts = who.add_subparsers(title="acts", metavar="ACT", required=True)
    listing = _command(acts, "list", partners.listing, "list who is known")
    listing.add_argument("words", nargs="*", metavar="WORD", help="of a name, domain, kind or note")
    listing.add_argument("--json", action="store_true")
    bring_in = _command(
        acts,
        "import",
        partners.bring_in,
        "take in a published list (CSV): schools from the GIAS register, accredited NHS domains",
        "The difference is shown first. What was written by hand is never touched.",
    )
    bring_in.add_argument("--kind", required=True, choices=LISTS)
    bring_in.add_argument("--dry-run", action="store_true", help="show what would change, and change nothing")
    bring_in.add_argument("--force", action="store_true", help="even if more than half would go")
    bring_in.add_argument("file", metavar="FILE", help="a path; '-' reads standard input")
    password = _command(
        acts,
        "password",
        partners.password,
        "keep a password that was agreed with an organisation, sealed in the store",
        "It is asked for at the terminal, or read from a pipe. Without a name, what there is is listed.",
    )
    password.add_argument("name", nargs="?", metavar="NAME", help="as partners.toml calls it")
    password.add_argument("--remove", action="store_true", help="destroy it")
    for sub in (listing, bring_in, password):
        _config(sub, needed=True)


def _addin(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    outlook = _command(commands, "addin", addin.manifest, "the Outlook add-in")
    acts = outlook.add_subparsers(title="acts", metavar="ACT", required=True)
    manifest = _command(
        acts,
        "manifest",
        addin.manifest,
        "write the add-in's manifests for the address that it is served at",
        "One for the admin centre and for Exchange on your own premises (XML), one packed (unified manifest).",
    )
    manifest.add_argument(
        "--url", required=True, help="of the add-in's service, such as https://addin.example.gov.uk"
    )
    manifest.add_argument(
        "--app-id",
        default="",
        metavar="GUID",
        help="of the application in Entra ID; without it, Exchange's own tokens sign in",
    )
    manifest.add_argument("--out", type=Path, default=Path(), metavar="DIR", help="where they are written")


def _records(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    register = _command(commands, "register", records.register, "search the record of sharing (R1)")
    _config(register, needed=True)
    register.add_argument(
        "words", nargs="*", metavar="WORD", help="of a name, address, organisation, reference"
    )
    register.add_argument("--limit", type=_count, default=50, help="rows at the most")
    register.add_argument("--json", action="store_true")
    audit = _command(commands, "audit", records.audit_verify, "the audit trail")
    acts = audit.add_subparsers(title="acts", metavar="ACT", required=True)
    _keeping(commands)
    verify = _command(
        acts, "verify", records.audit_verify, "walk the hash chains and say whether they are whole"
    )
    _config(verify, needed=True)
    check = _command(
        acts,
        "check-pack",
        records.audit_check_pack,
        "check an evidence pack against the store that it came from",
        "Exit code 1 where a file, the seal or a row of the trail does not hold.",
    )
    check.add_argument("file", metavar="FILE", type=Path)
    _config(check, needed=True)


def _accounts(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    account = _command(commands, "account", accounts.listing, "the people who use the pages")
    acts = account.add_subparsers(title="acts", metavar="ACT", required=True)
    listing = _command(
        acts, "list", accounts.listing, "list the accounts, their roles and when they were last here"
    )
    invite = _command(acts, "invite", accounts.invite, "print a link by which somebody sets up an account")
    invite.add_argument("--role", action="append", required=True, choices=ROLES)
    invite.add_argument(
        "--organisation",
        action="append",
        metavar="NAME",
        help="only its messages and records; all where none is given",
    )
    invite.add_argument(
        "--directorate",
        action="append",
        default=[],
        metavar="NAME",
        help="only those of this directorate of the one organisation that is given",
    )
    disable = _command(acts, "disable", accounts.disable, "shut somebody out, at once")
    enable = _command(acts, "enable", accounts.enable, "let somebody in again")
    for sub in (listing, invite, disable, enable):
        _config(sub, needed=True)
    for sub in (invite, disable, enable):
        sub.add_argument("email", metavar="ADDRESS")


def _keeping(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    looks = _command(
        commands,
        "doctor",
        doctor.doctor,
        "look over an installation and say what to mend",
        "Changes nothing and sends no mail. Exit code 1 where something is to be mended.",
    )
    _config(looks, needed=True)
    backup = _command(
        commands,
        "backup",
        keeping.backup,
        "write a checked copy of the store while the gateway runs",
        "The key file is not in it: keep a copy of that apart.",
    )
    _config(backup, needed=True)
    backup.add_argument("folder", metavar="FOLDER", type=Path, help="where copies are kept; on another disk")
    backup.add_argument("--keep", type=int, metavar="N", help="delete the oldest copies beyond this many")
    restore = _command(
        commands,
        "restore",
        keeping.restore,
        "put a copy of the store back; nothing that is there is overwritten",
    )
    _config(restore, needed=True)
    restore.add_argument("copy", metavar="COPY", type=Path, help="as `sealgate backup` wrote it")
