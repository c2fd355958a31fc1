"""The configuration: what it gives, and what each fault is told as."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gmkit import config
from gmkit.config import Config, Help
from gmkit.config_check import check_roles
from gmkit.errors import BadConfig
from gmkit.i18n import language
from gmkit.listen import BadListen, Listen, listen
from gmkit.options import option
from gmkit.toml_file import line_of

ADAPTERS = ("bridge", "openttd", "sim")
PLUGINS = ("stale", "faq")


@pytest.fixture
def write(tmp_path: Path) -> Path:
    return tmp_path / "gmkit.toml"


def load(path: Path, text: str) -> Config:
    path.write_text(text, "utf-8")
    return config.load(path, adapters=ADAPTERS, plugins=PLUGINS)


GOOD = """
[daemon]
name = "south"
data_dir = "state"
gate = "tls:7600"
bridge = ["tls:7601", "tcp:[::1]:7602"]

[help]
triggers = ["!help", "求助"]
locale = "zh_CN"
delivery_expires = "1d12h"

[[server]]
name = "alpha"
adapter = "sim"
tags = ["eu"]
players = 3

[[server]]
name = "一服"
adapter = "openttd"
locale = "en"
triggers = ["!gm"]

[plugins.stale]
minutes = 5

[plugins.faq]
enabled = false

[roles.trainee]
allow = ["ticket.*"]
"""


def test_a_whole_file(write: Path) -> None:
    found = load(write, GOOD)
    assert found.daemon.name == "south"
    assert found.gate == (Listen("tls", "", 7600),)
    assert found.bridge[1] == Listen("tcp", "::1", 7602)
    assert found.help.expires_seconds == 36 * 3600
    alpha, one = found.servers
    assert (alpha.name, alpha.adapter, alpha.tags) == ("alpha", "sim", ("eu",))
    assert alpha.options == {"players": 3}
    assert (alpha.locale, alpha.triggers) == ("zh_CN", ("!help", "求助"))
    assert (one.locale, one.triggers) == ("en", ("!gm",))
    assert found.plugins == {"stale": {"minutes": 5}}, "what is not enabled is not there"
    assert found.roles["trainee"].allow == ("ticket.*",)
    assert found.data_dir == write.parent / "state"
    assert found.socket == write.parent / "state" / "gate.sock" == config.socket_path(write)
    assert found.tls_cert == write.parent / "state" / "tls" / "cert.pem"


def test_an_empty_file_is_a_daemon_without_servers(write: Path) -> None:
    found = load(write, "")
    assert found.servers == ()
    assert found.help == Help()
    assert found.socket == write.parent / "data" / "gate.sock"


SERVER = '[[server]]\nname = "a"\nadapter = "sim"\n'

BAD = {
    "[daemon]\ndata_dri = 'x'": "gmkit.toml:2: daemon.data_dri: data_dri is unknown; did you mean data_dir?",
    "[deamon]": "gmkit.toml:1: deamon: deamon is unknown; did you mean daemon?",
    "daemon = 3": "gmkit.toml:1: daemon: must be a table, not 3.",
    "[daemon]\ngate = 'tls'": "gmkit.toml:2: daemon.gate: 'tls' is no address to listen on; write",
    "[daemon]\ngate = 'tcp:7600'": "gmkit.toml:2: daemon.gate: tcp:7600: GM terminals need tls",
    "[daemon]\ngate = 7600": "gmkit.toml:2: daemon.gate: must be a list in square brackets, not 7600",
    "[daemon]\nbridge = 'tls:99999'": "gmkit.toml:2: daemon.bridge: 'tls:99999' is no address",
    "[daemon]\nbridge = 'tcp:1'\nbridge_http = 'tcp:1'": (
        "gmkit.toml:3: daemon.bridge_http: port 1 is taken by bridge already."
    ),
    "[daemon]\nlog_level = 'loud'": "gmkit.toml:2: daemon.log_level: loud is unknown; known: debug, ",
    f"[daemon]\ndata_dir = '{'x' * 100}'": "gmkit.toml:2: daemon.data_dir: /",
    "[help]\n\ncooldown = 'x'": "gmkit.toml:3: help.cooldown: must be a number, not 'x'.",
    "[help]\ncooldown = nan": "gmkit.toml:2: help.cooldown: must be a number, not nan.",
    "[help]\ncooldown = -1": "gmkit.toml:2: help.cooldown: must be at least 0.",
    "[help]\nmin_length = 1.5": "gmkit.toml:2: help.min_length: must be a whole number, not 1.5.",
    "[help]\nmin_length = true": "gmkit.toml:2: help.min_length: must be a whole number, not True.",
    "[help]\ntriggers = ['']": "gmkit.toml:2: help.triggers: a help word is empty.",
    "[help]\ntriggers = [1]": "gmkit.toml:2: help.triggers: must be text in quotes, not 1.",
    "[help]\ndelivery_expires = 'soon'": "gmkit.toml:2: help.delivery_expires: soon is no duration.",
    SERVER + SERVER: "gmkit.toml:5: server.name: another server is called a already.",
    SERVER + "\n[[server]]\nname = 'b'\nadapter = 'opentd'": (
        "gmkit.toml:7: server.adapter: opentd is unknown; did you mean openttd?"
    ),
    "[[server]]\nname = 'a'": "gmkit.toml:1: server.adapter: is required and missing.",
    "[[server]]\nname = 'a b'\nadapter = 'sim'": "gmkit.toml:2: server.name: 'a b' is no name",
    "[[server]]\nname = 'tag'\nadapter = 'sim'": "gmkit.toml:2: server.name: 'tag' is no name",
    "[[servers]]\nname = 'a'": "gmkit.toml:1: servers: servers is unknown; did you mean server?",
    "[server]\nname = 'a'": "gmkit.toml:1: server: write [[server]], in double brackets.",
    SERVER + "triggers = [' ']": "gmkit.toml:4: server.triggers: a help word is empty.",
    "[plugins.stael]": "gmkit.toml:1: plugins.stael: stael is unknown; did you mean stale?",
    "[plugins]\nstale = true": "gmkit.toml:2: plugins.stale: must be a table, not True.",
    "[plugins.stale]\nenabled = 1": "gmkit.toml:2: plugins.stale.enabled: must be true or false",
    "[roles.gm]\nallows = []": "gmkit.toml:2: roles.gm.allows: allows is unknown; did you mean allow?",
    "[daemon\n": "gmkit.toml is not valid TOML: Expected ']' at the end of a table declaration (at",
    "a = 1\na = 2": "gmkit.toml is not valid TOML: Cannot overwrite a value (at",
}


@pytest.mark.parametrize(("text", "sentence"), BAD.items(), ids=range(len(BAD)))
def test_each_fault_names_the_line_the_key_and_the_mend(
    write: Path, text: str, sentence: str
) -> None:
    with pytest.raises(BadConfig) as fault:
        load(write, text)
    assert sentence in str(fault.value)
    assert str(fault.value).startswith(str(write.parent))


@pytest.mark.parametrize(
    ("role", "sentence"),
    [
        ("allow = ['ticket.*', 'staff.help']\ndeny = ['*.force']", ""),
        (
            "deny = ['tiket.*']",
            "gmkit.toml:2: roles.new.deny: tiket.* fits no permission; did you ",
        ),
        ("allow = ['*']\ndeny = ['ticket.forse']", "gmkit.toml:3: roles.new.deny: ticket.forse"),
        ("allow = ['zzz']", "did you mean staff.*, ticket.*?"),
    ],
)
def test_a_role_may_only_name_what_there_is(write: Path, role: str, sentence: str) -> None:
    found = load(write, f"[roles.new]\n{role}")
    known = ("ticket.reply", "ticket.force", "staff.help")
    if not sentence:
        check_roles(found, known)
        return
    with pytest.raises(BadConfig) as fault:
        check_roles(found, known)
    assert sentence in str(fault.value)


def test_a_missing_file_tells_how_to_make_one(tmp_path: Path) -> None:
    for read in (config.load, config.socket_path):
        with pytest.raises(BadConfig, match=r"no configuration file .*none\.toml.*gmkit init"):
            read(tmp_path / "none.toml")


def test_the_environment_names_the_file(write: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write.write_text("", "utf-8")
    monkeypatch.setenv("GMKIT_CONFIG", str(write))
    assert config.find() == write


def test_a_file_that_is_not_utf8_is_named_with_the_line(write: Path) -> None:
    write.write_bytes(b"[daemon]\nname = '\xff'\n")
    with pytest.raises(BadConfig, match=r"gmkit\.toml:2 is not UTF-8"):
        config.load(write)


def test_a_folder_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="no configuration file"):
        config.load(tmp_path)


def test_faults_are_told_in_chinese_with_nothing_left_in_english(write: Path) -> None:
    with pytest.raises(BadConfig) as fault:
        load(write, "[help]\ncooldown = -1")
    sentence = fault.value.sentence(language("zh_CN").gettext)
    assert "at least" not in sentence
    assert sentence.startswith(str(write))


@dataclass(frozen=True)
class Options:
    """An adapter's options."""

    port: int = option(help="which")
    host: str = option("127.0.0.1", help="where")
    password: str = option("", help="the secret", secret=True)


def options_of(found: Config) -> Options:
    return found.server_options(found.servers[-1], Options)


def test_adapter_options_are_read_by_their_declaration(write: Path) -> None:
    found = load(write, SERVER + "port = 3977\npassword = { file = 'pw' }")
    (write.parent / "pw").write_text("hush\n", "utf-8")
    assert options_of(found) == Options(port=3977, password="hush")


def test_a_secret_from_the_environment(write: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GMKIT_TEST_PASSWORD", "hush")
    found = load(write, SERVER + "port = 1\npassword = { env = 'GMKIT_TEST_PASSWORD' }")
    assert options_of(found).password == "hush"


BAD_OPTIONS = {
    "prot = 1": "gmkit.toml:4: server.prot: prot is unknown; did you mean port?",
    "": "gmkit.toml:1: server.port: is required and missing.",
    "port = '1'": "gmkit.toml:4: server.port: must be a whole number, not '1'.",
    "port = 1\npassword = { file = 'none' }": "gmkit.toml:5: server.password: cannot read the secret's file /",
    "port = 1\npassword = { env = 'GMKIT_NONE' }": "the environment variable GMKIT_NONE is not set.",
    "port = 1\npassword = { fiel = 'x' }": "server.password: give the text itself in quotes",
}


@pytest.mark.parametrize(("lines", "sentence"), BAD_OPTIONS.items(), ids=range(len(BAD_OPTIONS)))
def test_bad_adapter_options_name_the_line(write: Path, lines: str, sentence: str) -> None:
    found = load(write, SERVER + lines)
    with pytest.raises(BadConfig) as fault:
        options_of(found)
    assert sentence in str(fault.value)


def test_a_secret_is_never_repeated_in_an_error(write: Path) -> None:
    found = load(write, SERVER + "port = 1\npassword = 31415926")
    with pytest.raises(BadConfig) as fault:
        options_of(found)
    assert "31415926" not in str(fault.value)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("tls:1", Listen("tls", "", 1)),
        ("tcp:65535", Listen("tcp", "127.0.0.1", 65535)),
        ("tcp:0.0.0.0:80", Listen("tcp", "0.0.0.0", 80)),
        ("tls:[fe80::1]:80", Listen("tls", "fe80::1", 80)),
        ("tls:games.example:80", Listen("tls", "games.example", 80)),
    ],
)
def test_addresses(text: str, wanted: Listen) -> None:
    assert listen(text) == wanted
    assert listen(str(wanted)) == wanted


@given(st.text(max_size=30))
@example("tls:")
@example("tcp:0")
@example("tcp:70000")
@example("udp:80")
@example("tls:a:b:80")
@example("tls:١:80")
def test_no_text_as_an_address_raises_anything_else(text: str) -> None:
    try:
        assert 1 <= listen(text).port <= 65535
    except BadListen as fault:
        assert repr(text) in str(fault)


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("a",), 1),
        (("a", "x"), 2),
        (("s", 0), 4),
        (("s", 1, "k"), 7),
        (("s", 1, "sub", "q"), 9),
        (("s", 1, "sub", "none"), 8),
        (("t", "quoted key"), 11),
        (("t", "d", "e"), 12),
        (("none",), None),
    ],
)
def test_where_a_key_stands(path: tuple[str | int, ...], line: int | None) -> None:
    text = (
        "[a]\nx = 1\n# [b]\n[[s]]\nk = 1\n[[s]] # two\nk=2\n[s.sub]\nq = 3\n"
        '[ t ]\n"quoted key" = 4\nd.e = 5\n'
    )
    assert line_of(text, path) == line
