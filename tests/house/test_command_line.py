"""The ``gmkit`` command as its users meet it: exit codes, sentences, no tracebacks."""

from __future__ import annotations

import argparse
import io
import json
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gmkit import passwords
from gmkit.cli import main as cli
from gmkit.cli.certificate import self_signed
from gmkit.cli.staff import staff
from gmkit.config import load
from gmkit.desk.requests import AddGM
from gmkit.errors import BadUsage, Refused
from gmkit.log import LogFailed
from gmkit.log.sqlite import SQLiteLog
from gmkit.model import Event


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.delenv("GMKIT_CONFIG", raising=False)
    monkeypatch.delenv("GMKIT_DEBUG", raising=False)


@pytest.fixture
def house(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """A folder that ``gmkit init`` has filled; its configuration's path."""
    assert cli.main(["init", str(tmp_path / "house"), "--gm", "Ada"]) == 0
    capsys.readouterr()
    return tmp_path / "house" / "gmkit.toml"


def gmkit(*words: str) -> int:
    return cli.main(list(words))


def parsers(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for inner in action.choices.values():
                yield from parsers(inner)


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_subcommand_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        gmkit(name, "--help")
    assert end.value.code == 0
    assert f"usage: gmkit {name}" in capsys.readouterr().out
    for parser in parsers(cli.parser([name])):
        for action in parser._actions:
            described = action.help or isinstance(action, argparse._SubParsersAction)
            assert described, f"{parser.prog}: {action.dest} has no help"


def test_the_list_names_every_subcommand(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        gmkit("--help")
    assert end.value.code == 0
    out = capsys.readouterr().out
    assert all(f"\n    {name}" in out for name in cli.COMMANDS)


@pytest.mark.parametrize("words", [[], ["do"], ["gm"], ["gm", "role", "Ada"], ["serve", "x"]])
def test_wrong_usage_ends_with_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        gmkit(*words)
    assert end.value.code == 2
    assert "usage: gmkit" in capsys.readouterr().err


class Hostile(Refused):
    """\x1b[2J"""


def failing(fault: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let ``gmkit doctor`` raise."""

    def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
        def run(args: argparse.Namespace) -> int:
            raise fault

        subparsers.add_parser("doctor").set_defaults(run=run)

    module = types.ModuleType("gmkit.cli.doctor")
    module.__dict__["add"] = add
    monkeypatch.setitem(sys.modules, "gmkit.cli.doctor", module)


@pytest.mark.parametrize(
    ("fault", "code", "sentence"),
    [
        (Refused(), 1, "That is not possible right now."),
        (BadUsage(problem="No.", usage="x"), 2, "No. Usage: x"),
        (KeyboardInterrupt(), 130, ""),
        (PermissionError(13, "Permission denied", "/x"), 1, "/x: Permission denied"),
        (RuntimeError("odd"), 1, "fault of its own: RuntimeError: odd"),
        (Hostile(), 1, "␛[2J"),
    ],
    ids=["refused", "usage", "interrupt", "system", "unexpected", "hostile"],
)
def test_what_fails_ends_in_a_sentence(
    fault: BaseException,
    code: int,
    sentence: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    failing(fault, monkeypatch)
    assert gmkit("doctor") == code
    told = capsys.readouterr().err
    assert sentence in told
    assert "Traceback" not in told


def test_debugging_shows_the_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GMKIT_DEBUG", "1")
    failing(RuntimeError("odd"), monkeypatch)
    assert gmkit("doctor") == 1
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["do", "gm", "reload", "watch", "db", "doctor", "serve"])
def test_starting_stays_light(name: str) -> None:
    """Declaring a sub-command must not import what is slow to import."""
    script = (
        "import sys; from gmkit.cli.main import parser; "
        f"parser(['{name}']); "
        "print([m for m in ('twisted', 'rich', 'sqlite_utils', 'prompt_toolkit', 'cryptography')"
        " if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_no_daemon_and_no_file_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = str(tmp_path / "none.toml")
    for words in (["do", "-c", config, "who"], ["doctor", "-c", config], ["serve", "-c", config]):
        assert gmkit(*words) == 1
        told = "".join(capsys.readouterr())
        assert "There is no configuration file" in told
        assert "gmkit init" in told


# --- init ---------------------------------------------------------------------------------------


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_init_writes_a_house_that_works(house: Path) -> None:
    config = load(house)
    assert [server.adapter for server in config.servers] == ["sim", "sim"]
    private = [house, config.data_dir / "bridge.token", config.tls_key, config.tls_cert]
    assert [mode(path) for path in (*private, config.database)] == [0o600] * 5
    assert mode(config.data_dir) == 0o700
    with staff(config.database) as team:
        assert [(a.name, a.role) for a in team.accounts()] == [("Ada", "admin")]


def test_init_never_overwrites(house: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = house.parent / "data"
    kept = {path: path.read_bytes() for path in house.parent.rglob("*") if path.is_file()}
    house.write_text("[daemon]\n")
    kept[house] = b"[daemon]\n"
    assert gmkit("init", str(house.parent), "--gm", "Bob") == 0
    said = capsys.readouterr().out
    for path in (house, data / "bridge.token", data / "tls" / "key.pem"):
        assert path.read_bytes() == kept[path]
        assert f"{path} exists and stays as it is." in said
    assert "GM accounts exist and stay as they are: Ada" in said


def test_init_prints_a_password_that_fits(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert gmkit("init", str(tmp_path), "--gm", "Ada", "--password") == 0
    password = capsys.readouterr().out.partition("shown only now: ")[2].split()[0]
    [event] = logged(tmp_path / "gmkit.toml")
    assert passwords.check_password(password, event.data["password"])


def test_init_refuses_a_file_and_a_bad_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert gmkit("init", str(tmp_path / "file"), "--gm", "Ada") == 1
    assert gmkit("init", str(tmp_path / "new"), "--gm", "a b") == 1
    told = capsys.readouterr().err
    assert "is no folder" in told
    assert "'a b' is no name for an account" in told
    assert not (tmp_path / "new").exists(), "nothing is written for a name that cannot be used"


@pytest.mark.parametrize("lang", ["en_US.UTF-8", "zh_CN.UTF-8"])
def test_the_comments_of_the_example_are_right_too(
    lang: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an operator uncomments must work: every ``# key = value`` and table."""
    from gmkit.cli.init import example

    monkeypatch.setenv("LC_ALL", lang)
    lines = [
        line.removeprefix("# ") if line.startswith(("# [", "# ")) and is_toml(line[2:]) else line
        for line in example().splitlines()
    ]
    path = tmp_path / "gmkit.toml"
    path.write_text("\n".join(lines), "utf-8")
    config = load(path)
    assert {server.adapter for server in config.servers} == {"sim", "openttd", "bridge"}
    assert config.gate and config.bridge and config.bridge_http and config.roles
    assert config.help.locale == lang[: 5 if lang.startswith("zh") else 2]


def is_toml(line: str) -> bool:
    import tomllib

    try:
        return bool(tomllib.loads(line))
    except tomllib.TOMLDecodeError:
        return False


# --- accounts without a daemon ------------------------------------------------------------------


def exported(config: Path, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert gmkit("db", "export", "-c", str(config)) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def logged(config: Path) -> list[Event]:
    log = SQLiteLog(load(config).database).open()
    try:
        return list(log.replay(0))
    finally:
        log.close()


def test_accounts_are_events_in_the_log(
    house: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    config = ["-c", str(house)]
    assert gmkit("gm", "add", *config, "Lin", "--servers", "eu-*", "s1") == 0
    assert gmkit("gm", "role", *config, "Lin", "lead") == 0
    assert gmkit("gm", "disable", *config, "Lin") == 0
    assert gmkit("gm", "enable", *config, "Lin") == 0
    monkeypatch.setattr("sys.stdin", __import__("io").StringIO("a long password\n"))
    assert gmkit("gm", "passwd", *config, "Lin") == 0
    events = exported(house, capsys)
    assert [event["kind"] for event in events] == ["gm_added"] * 2 + ["gm_changed"] * 4
    assert events[1]["data"] == {"name": "Lin", "role": "gm", "servers": ["eu-*", "s1"]}
    hashed = logged(house)[-1].data["password"]
    assert passwords.check_password("a long password", hashed)
    assert "password" not in events[-1]["data"], "an export must not hold what opens a door"
    assert gmkit("gm", "list", *config) == 0
    assert "Lin" in capsys.readouterr().out


def test_listing_accounts_makes_no_database(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "gmkit.toml").touch()
    assert gmkit("gm", "list", "-c", str(tmp_path / "gmkit.toml")) == 0
    assert "There is no GM account yet." in capsys.readouterr().out
    assert [path.name for path in tmp_path.iterdir()] == ["gmkit.toml"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["add", "Ada"], "There is a GM account Ada already."),
        (["add", "a b"], "'a b' is no name for an account"),
        (["add", "Lin", "--role", "laed"], "The role laed is unknown; did you mean lead?"),
        (["role", "Ada", "none"], "The role none is unknown; known: admin, gm, lead."),
        (["disable", "Lin"], "There is no GM account Lin."),
    ],
)
def test_what_cannot_be_done_with_accounts(
    words: list[str], sentence: str, house: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert gmkit("gm", words[0], "-c", str(house), *words[1:]) == 1
    assert sentence in capsys.readouterr().err


def test_a_short_password_changes_nothing(
    house: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", __import__("io").StringIO("short\n"))
    assert gmkit("gm", "passwd", "-c", str(house), "Ada") == 1
    assert "8 to 1024 characters" in capsys.readouterr().err
    assert len(exported(house, capsys)) == 1


# --- doctor -------------------------------------------------------------------------------------


def doctor(config: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    capsys.readouterr()
    return gmkit("doctor", "-c", str(config), "--timeout", "0.5"), capsys.readouterr().out


def test_doctor_finds_no_fault_in_a_house_just_made(
    house: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = doctor(house, capsys)
    assert (code, "FAULT" in said) == (0, False), said
    assert said.endswith("No faults.\n")


def append(house: Path, text: str) -> None:
    house.write_text(house.read_text("utf-8") + text, "utf-8")


def replace(house: Path, line: str, by: str) -> None:
    text = house.read_text("utf-8")
    assert line in text
    house.write_text(text.replace(line, by, 1), "utf-8")


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def break_mode(house: Path) -> str:
    (house.parent / "data").chmod(0o755)
    return "Mend: chmod 700"


def break_token(house: Path) -> str:
    (house.parent / "data" / "bridge.token").chmod(0o644)
    return "Mend: chmod 600"


def break_data(house: Path) -> str:
    (house.parent / "data").rename(house.parent / "other")
    return "is missing. Make it with: gmkit init"


def break_server(house: Path) -> str:
    port = closed_port()
    append(house, f'\n[[server]]\nname = "t"\nadapter = "openttd"\npassword = "x"\nport = {port}\n')
    return f"t: 127.0.0.1:{port} does not answer"


def break_options(house: Path) -> str:
    append(house, '\n[[server]]\nname = "t"\nadapter = "openttd"\npasswort = "x"\n')
    return "passwort is unknown; did you mean password?"


def break_range(house: Path) -> str:
    append(house, '\n[[server]]\nname = "t"\nadapter = "openttd"\npassword = "x"\nport = 99999\n')
    return "server.port: must be from 1 to 65535."


def break_plugin_type(house: Path) -> str:
    replace(house, "[plugins.stale]", '[plugins.stale]\nminutes = "ten"')
    return "plugins.stale.minutes: must be a number, not 'ten'."


def break_plugin_key(house: Path) -> str:
    replace(house, "[plugins.stale]", "[plugins.stale]\nminuts = 3")
    return "plugins.stale.minuts: minuts is unknown; did you mean minutes?"


def break_plugin_value(house: Path) -> str:
    replace(house, "[plugins.stale]", "[plugins.stale]\nminutes = -3")
    return "plugins.stale.minutes: must be more than 0."


def break_role(house: Path) -> str:
    append(house, '\n[roles.new]\nallow = ["tiket.*"]\n')
    return "roles.new.allow: tiket.* fits no permission; did you mean ticket.*?"


def break_folder(house: Path) -> str:
    replace(house, 'data_dir = "data"', 'data_dir = "gmkit.toml"')
    return f"daemon.data_dir: {house} is no folder."


def break_bridge(house: Path) -> str:
    append(house, '\n[[server]]\nname = "b"\nadapter = "bridge"\ntoken = "t"\n')
    return "Games dial in (b), but nothing listens for them"


def break_database(house: Path) -> str:
    database = house.parent / "data" / "gmkit.db"
    database.write_bytes(b"SQLite format 3\0" + b"x" * 5000)
    for beside in ("gmkit.db-wal", "gmkit.db-shm"):
        (database.parent / beside).unlink(missing_ok=True)
    return "Put a backup in its place"


def break_accounts(house: Path) -> str:
    (house.parent / "data" / "gmkit.db").unlink()
    return "There is no GM account yet."


def break_certificate(house: Path) -> str:
    text = house.read_text("utf-8").replace("# gate", "gate").replace("7600", str(closed_port()))
    house.write_text(text, "utf-8")
    (house.parent / "data" / "tls" / "cert.pem").write_text(self_signed("other")[0])
    return "its key cannot be used"


def break_expiry(house: Path) -> str:
    from datetime import UTC, datetime, timedelta

    break_certificate(house)
    long_ago = datetime.now(UTC) - timedelta(days=3645)
    cert, key = self_signed("old", long_ago)
    (house.parent / "data" / "tls" / "cert.pem").write_text(cert)
    (house.parent / "data" / "tls" / "key.pem").write_text(key)
    return "expires in 4 days"


def break_config(house: Path) -> str:
    append(house, "\n[hlep]\n")
    return "hlep is unknown; did you mean help?"


FAULTS = [
    break_mode,
    break_token,
    break_data,
    break_server,
    break_options,
    break_range,
    break_plugin_type,
    break_plugin_key,
    break_plugin_value,
    break_role,
    break_folder,
    break_bridge,
    break_database,
    break_accounts,
    break_certificate,
    break_expiry,
    break_config,
]


@pytest.mark.parametrize("broken", FAULTS, ids=lambda broken: broken.__name__)
def test_doctor_names_each_fault_and_its_mend(
    broken: types.FunctionType, house: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sentence = broken(house)
    code, said = doctor(house, capsys)
    assert code == 1
    faults = [line for line in said.splitlines() if line.startswith("FAULT")]
    assert any(sentence in line for line in faults), said


@pytest.mark.parametrize("command", ["console", "demo"])
def test_without_a_terminal_something_else_is_named(
    command: str, house: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    options = ["-c", str(house)] if command == "console" else []
    assert gmkit(command, *options) == 1
    assert "There is no terminal here. For scripts there are: gmkit d" in capsys.readouterr().err


def test_a_mistyped_command_is_told_the_right_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert gmkit("dmo") == 2
    assert capsys.readouterr().err == "gmkit: dmo is unknown; did you mean demo?\n"
    assert gmkit("none") == 2
    assert "none is unknown; known: adapter, console, " in capsys.readouterr().err


def test_without_a_terminal_the_password_comes_from_the_environment(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    monkeypatch.delenv("GMKIT_PASSWORD", raising=False)
    assert gmkit("do", "--connect", "tls:127.0.0.1:1", "--user", "Ada", "ticket list") == 1
    assert "GMKIT_PASSWORD" in capsys.readouterr().err


def test_doctor_names_a_port_in_use(house: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen(1)
        port = other.getsockname()[1]
        text = house.read_text("utf-8")
        house.write_text(text.replace('data_dir = "data"', f'bridge = "tcp:{port}"'), "utf-8")
        code, said = doctor(house, capsys)
    assert code == 1
    assert f"cannot listen on tcp:127.0.0.1:{port}: Address already in use" in said


def test_a_disk_that_is_full_is_told(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is said to be done that was not written."""

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with staff(load(house).database) as team:
        monkeypatch.setattr("gmkit.log.events.Appender.write", full)
        with pytest.raises(LogFailed, match="disk is full"):
            team.do(AddGM(None, "late", "gm"))


# --- reload -------------------------------------------------------------------------------------


def test_reload_without_a_daemon(house: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert gmkit("reload", "-c", str(house)) == 1
    assert "Start it with: gmkit serve" in capsys.readouterr().err


def test_reload_tells_faults_before_it_asks(
    house: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    append(house, "\n[hlep]\n")
    assert gmkit("reload", "-c", str(house)) == 1
    assert "did you mean help?" in capsys.readouterr().err


def test_who_has_no_account_reloads_by_signal(
    house: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from gmkit.cli import reload

    sent: list[tuple[int, int]] = []
    monkeypatch.setattr("os.kill", lambda *signal: sent.append(signal))
    config = load(house)
    config.pid_file.write_text("123\n")
    assert reload._signalled(config) == 0
    assert sent == [(123, signal.SIGHUP)]
    assert "Process 123 was told to reload" in capsys.readouterr().out
