"""Hostile peers at the real daemon's doors: dropped with a reason, and nobody else notices."""

from __future__ import annotations

import contextlib
import json
import random
import re
import socket
import struct
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgpack
import pytest

from gmkit.wire.frames import MAX_FRAME, encode

from .realdaemon import TOKEN, Canary, Raw, RawGame, RawTerminal, RealDaemon, running, wait_for

pytestmark = pytest.mark.real

MEMORY = 120.0
"""MB that no peer here may make the daemon grow by."""
SOON = 5.0
"""Seconds within which a well-behaved game is served although others misbehave."""


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealDaemon]:
    servers = ["s0", "s1", "s2", "s3", "http"]
    with running(tmp_path_factory.mktemp("hostile"), servers=servers, http=True) as started:
        yield started


@pytest.fixture(autouse=True)
def fleet(daemon: RealDaemon) -> Iterator[Canary]:
    """A game and a GM that behave; they are well after every test, and so is the daemon."""
    canary = Canary(daemon)
    before = daemon.memory()
    canary.sings()
    yield canary
    assert canary.sings() < SOON
    assert daemon.memory() - before < MEMORY
    assert "Traceback" not in daemon.logged()
    canary.close()


def reason(peer: Raw) -> str:
    """Why the daemon ended the connection, as it told the peer."""
    last = peer.end()
    assert last is not None, "closed without a word"
    assert last["type"] in ("bye", "goodbye"), last
    return str(last.get("reason") or last.get("code"))


# --- cut and garbled ------------------------------------------------------------------------------


def test_bytes_cut_at_every_place_of_the_bridge(daemon: RealDaemon, fleet: Canary) -> None:
    game = RawGame.tcp(daemon.port)
    hello = encode(game.hello("s1"))
    game.close()
    for cut in range(len(hello)):
        with RawGame.tcp(daemon.port) as peer:
            peer.sock.sendall(hello[:cut])
    said = encode({"type": "said", "id": 1, "player": "p", "name": "p", "text": "!help cut off"})
    for cut in range(len(said)):
        with RawGame.tcp(daemon.port) as peer:
            peer.stream = f"cut-{cut}"
            peer.enter("s1")
            peer.sock.sendall(said[:cut])
    assert fleet.sings() < SOON
    assert "cut off" not in daemon.gmkit("do", "--json", "--user", "anna", "ticket list").decode()


def test_bytes_cut_at_every_place_of_the_gate(daemon: RealDaemon, fleet: Canary) -> None:
    hello = encode({"type": "hello", "version": 1, "name": "anna"})
    line = encode({"type": "do", "id": 1, "line": "announce * cut off"})
    for cut in range(len(hello)):
        with Raw.unix(daemon.gate) as peer:
            peer.sock.sendall(hello[:cut])
    for cut in range(len(line)):
        with Raw.unix(daemon.gate) as peer:
            peer.sock.sendall(hello)
            peer.until("welcome")
            peer.sock.sendall(line[:cut])
    assert fleet.sings() < SOON


def test_a_conversation_in_single_bytes_is_understood(daemon: RealDaemon) -> None:
    game = RawGame.tcp(daemon.port)
    game.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def drip(message: dict[str, Any]) -> None:
        for byte in encode(message):
            game.sock.send(bytes((byte,)))

    drip(game.hello("s1"))
    drip(game.proof())
    game.until("welcome")
    drip({"type": "said", "id": 1, "player": "d", "name": "d", "text": "!help drop by drop"})
    assert game.until("ack")["upto"] == 1
    game.close()


def _garbage(rng: random.Random) -> bytes:
    kinds = rng.randrange(6)
    if kinds == 0:
        return rng.randbytes(rng.randrange(1, 400))
    if kinds == 1:
        body = rng.randbytes(rng.randrange(1, 400))
        return struct.pack(">I", len(body)) + body
    if kinds == 2:  # far too much announced inside of msgpack
        return struct.pack(">I", 5) + rng.choice([b"\xdd", b"\xdf", b"\xc6"]) + b"\xff\xff\xff\xff"
    if kinds == 3:  # far too deep
        depth = rng.randrange(500, 15_000)
        return struct.pack(">I", depth + 1) + b"\x91" * depth + b"\xc0"
    if kinds == 4:
        return encode(*(_anything(rng) for _ in range(rng.randrange(4))))
    return b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


def _anything(rng: random.Random, depth: int = 0) -> Any:
    """A map of the right form with the wrong things in it."""
    types = ["hello", "proof", "said", "joined", "roster", "data", "ack", "shown", "result", "do"]
    types += ["subscribe", "ping", "bye", "commands", "players", "presence", ""]
    keys = ["id", "player", "name", "text", "server", "nonce", "protocol", "version", "players"]
    keys += ["facts", "upto", "delivery", "call", "line", "source", "since", "can", "limits"]
    odd: list[Any] = [None, True, -1, 0, 1 << 63, 1.5, float("nan"), "", "\x00", "x" * 300, b"\xff"]
    odd += [[], {}, [[[[]]]], {"a": {"b": []}}, ["x"] * 50]
    message: dict[Any, Any] = {"type": rng.choice([*types, None, 7, [], {}])}
    for key in rng.sample(keys, rng.randrange(len(keys))):
        message[key] = rng.choice(odd)
    if rng.random() < 0.1:
        message[rng.choice([7, b"x"])] = 1
    return message


def test_garbage_at_every_stage_of_both_protocols(daemon: RealDaemon, fleet: Canary) -> None:
    rng = random.Random(20260101)
    for turn in range(400):
        stage = turn % 4
        peer: Raw
        if stage < 2:
            peer = game = RawGame.tcp(daemon.port)
            game.stream = f"garbage-{turn}"
            if stage:
                game.enter("s2", can=["lookup", "kick"])
        else:
            peer = terminal = RawTerminal.unix(daemon.gate)
            if stage == 3:
                terminal.enter("anna")
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            for _ in range(rng.randrange(1, 5)):
                peer.sock.sendall(_garbage(rng))
        peer.close()
    assert fleet.sings() < SOON


# --- too much -------------------------------------------------------------------------------------


def test_a_line_of_a_megabyte_is_refused_and_the_next_one_taken(daemon: RealDaemon) -> None:
    game = RawGame.tcp(daemon.port)
    game.enter("s1")
    game.say(1, "!help " + "x" * (MAX_FRAME - 200))
    refused = game.until("refused")
    assert refused["id"] == 1
    assert refused["reason"] == "too-long"
    game.say(2, "!help a short one")
    assert game.until("ack", upto=2)
    game.close()


def test_a_frame_that_is_too_long_ends_the_connection(daemon: RealDaemon) -> None:
    for size in (MAX_FRAME + 1, 1 << 31, (1 << 32) - 1):
        game = RawGame.tcp(daemon.port)
        game.enter("s1")
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            game.sock.sendall(struct.pack(">I", size) + b"x" * 100_000)
        assert reason(game) == "malformed"
        game.close()
    assert f"A frame of {(1 << 32) - 1} bytes was announced" in daemon.logged()


def test_strangers_may_not_send_much(daemon: RealDaemon) -> None:
    announced = struct.pack(">I", MAX_FRAME) + b"x" * 60_000
    game, terminal = Raw.tcp(daemon.port), Raw.unix(daemon.gate)
    for peer, wanted in ((game, "malformed"), (terminal, "bad-hello")):
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            peer.sock.sendall(announced)
        assert reason(peer) == wanted
        peer.close()


def _post(daemon: RealDaemon, body: bytes, path: str = "/bridge/1") -> tuple[int, bytes]:
    request = urllib.request.Request(
        f"http://127.0.0.1:{daemon.http_port}{path}", body, {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_bad_http_is_answered_with_a_sentence(daemon: RealDaemon) -> None:
    deep = b'{"messages":[' + b"[" * 50_000 + b"]" * 50_000 + b"]}"
    bodies = [b"", b"{", b"[]", b"null", b'{"messages":7}', b'{"messages":[7]}', b"\xff\xfe", deep]
    bodies += [b'{"session":"nobody","messages":[]}', b'{"messages":[],"wait":"x"}']
    for body in bodies:
        status, answer = _post(daemon, body)
        assert 400 <= status < 500 or b"bye" in answer, (body[:60], status, answer[:200])
        assert b"Traceback" not in answer
        assert b"<html" not in answer.lower()
    assert _post(daemon, b"{}", "/elsewhere")[0] == 404


def test_a_body_that_is_too_long_is_answered_or_cut_off(daemon: RealDaemon) -> None:
    body = b'{"messages":[{"type":"hello","text":"' + b"x" * (MAX_FRAME + 10) + b'"}]}'
    try:
        status, answer = _post(daemon, body)
    except (urllib.error.URLError, ConnectionError) as cut:
        assert "Broken pipe" in str(cut) or "reset" in str(cut)  # the answer came before the end
    else:
        assert status == 413 and b"<html" not in answer.lower()
    assert b"bye" in _post(daemon, b"{")[1], "the others are served on"


# --- wrong ----------------------------------------------------------------------------------------


def test_wrong_tokens_and_names_are_told_alike(daemon: RealDaemon) -> None:
    sentences = []
    for server in ("s3", "no-such-server"):
        game = RawGame.tcp(daemon.port)
        game.send(game.hello(server))
        game.send(game.proof("a wrong token"))
        bye = game.end()
        assert bye is not None
        assert bye["reason"] == "credentials"
        sentences.append(bye["sentence"])
        game.close()
    assert sentences[0] == sentences[1]
    assert "'s3': its token is wrong" in daemon.logged()
    assert "'no-such-server': no such server is configured" in daemon.logged()
    assert TOKEN not in daemon.logged()


def test_other_versions_are_told_which_one_is_spoken(daemon: RealDaemon) -> None:
    for version in (0, 2, "1", None, 1.0, [1]):
        game = RawGame.tcp(daemon.port)
        game.send(game.hello("s1", protocol=version))
        assert reason(game) == "version"
        game.close()
        terminal = Raw.unix(daemon.gate)
        terminal.send({"type": "hello", "version": version if version != 1.0 else 3})
        assert reason(terminal) == "bad-version"
        terminal.close()
    assert "version 1 of the bridge protocol" in daemon.logged()


def test_strangers_who_speak_before_proving_themselves(daemon: RealDaemon) -> None:
    game = RawGame.tcp(daemon.port)
    game.send(game.hello("s1"))
    game.say(1, "!help let me in")
    assert reason(game) == "malformed"
    game.close()
    terminal = Raw.unix(daemon.gate)
    terminal.send({"type": "do", "id": 1, "line": "announce * hello"})
    assert reason(terminal) == "bad-hello"
    terminal.close()
    listed = daemon.gmkit("do", "--json", "--user", "anna", "ticket list").decode()
    assert "let me in" not in listed


# --- silent and deaf ------------------------------------------------------------------------------


def test_who_says_nothing_is_sent_away(daemon: RealDaemon, fleet: Canary) -> None:
    silent = [Raw.tcp(daemon.port), Raw.unix(daemon.gate)]
    assert fleet.sings() < SOON
    assert reason(silent[0]) == "timeout"
    assert reason(silent[1]) == "bad-hello"
    for peer in silent:
        peer.close()
    assert "The handshake took more than 10 seconds" in daemon.logged()
    assert "No hello came within 10" in daemon.logged()


def test_a_game_that_falls_silent_is_named_and_dropped(daemon: RealDaemon, fleet: Canary) -> None:
    game = RawGame.tcp(daemon.port)
    heartbeat = game.enter("s3")["heartbeat"]
    game.sock.settimeout(4 * heartbeat)
    until = time.monotonic() + 2 * heartbeat
    while time.monotonic() < until:  # the canary has to show that it lives
        fleet.game.send({"type": "ping"})
        fleet.terminal.send({"type": "ping"})
        assert fleet.sings() < SOON
        time.sleep(1)
    assert reason(game) == "silent"
    game.close()
    state = {row["name"]: row for row in daemon.do("servers")}["s3"]
    assert state["state"] == "down"
    assert "Nothing came from the game" in state["reason"]


def test_a_game_that_never_reads(daemon: RealDaemon, fleet: Canary) -> None:
    """It asks and asks, never fetching what it is told; nothing grows, nobody waits."""
    game = RawGame.tcp(daemon.port, receive_buffer=4096)
    game.enter("s3")
    before = daemon.memory()
    game.sock.settimeout(1)
    n = 0
    with contextlib.suppress(TimeoutError, BrokenPipeError, ConnectionResetError):
        until = time.monotonic() + 8
        while time.monotonic() < until:
            line = {"type": "said", "player": "deaf", "name": "deaf", "text": "!help are you there"}
            game.send(*({"id": n + i, **line} for i in range(1, 101)))
            n += 100
            if n % 10_000 == 0:
                assert fleet.sings() < SOON
    assert n > 200
    assert daemon.memory() - before < MEMORY
    assert fleet.sings() < SOON
    game.close()


def test_a_terminal_that_never_reads(daemon: RealDaemon, fleet: Canary) -> None:
    """It is skipped, not waited for, and can read the log once it wakes up."""
    deaf = RawTerminal.unix(daemon.gate)
    deaf.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    since = deaf.enter("anna")["seq"]
    before = daemon.memory()
    game = RawGame.tcp(daemon.port)
    game.enter("s1")
    lines, size = 4000, 2000
    for n in range(1, lines + 1):
        game.say(n, "!help " + "y" * size, player=f"p{n % 10}")
        if n % 100 == 0:
            while game.until("ack")["upto"] < n:
                pass
    assert daemon.memory() - before < MEMORY
    assert fleet.sings() < SOON
    seen: list[int] = []
    while len(seen) < lines:
        event = deaf.until("event")
        if event["server"] == "s1" and event["kind"] in ("asked", "added"):
            seen.append(event["seq"])
    assert seen == sorted(set(seen))
    assert seen[0] > since
    deaf.close()
    game.close()


# --- floods ---------------------------------------------------------------------------------------


def test_a_crowd_of_strangers(daemon: RealDaemon, fleet: Canary) -> None:
    crowd = []
    for _ in range(2500):
        sock = socket.socket()
        sock.setblocking(False)
        sock.connect_ex(("127.0.0.1", daemon.port))
        crowd.append(sock)
    assert fleet.sings() < SOON
    for sock in crowd:
        sock.close()
    newcomer = RawGame.tcp(daemon.port)
    newcomer.enter("s2")
    newcomer.close()


def test_a_flood_of_lines_is_told_once(tmp_path: Path) -> None:
    """With limits on: a player who babbles is told once, and another one is served."""
    help = "player_limit = 5\nplayer_seconds = 60\ncooldown = 0\n"
    with running(tmp_path, help=help) as limited:
        game = RawGame.tcp(limited.port)
        game.enter("s1")
        for n in range(1, 201):
            game.say(n, f"!help line {n}", player="babbler")
        game.say(201, "!help I am another one", player="quiet")
        told: list[dict[str, Any]] = []
        acked = 0
        while acked < 201:
            message = game.next()
            assert message is not None
            acked = message["upto"] if message["type"] == "ack" else acked
            if message["type"] != "ack":
                told.append(message)
        with contextlib.suppress(TimeoutError):
            game.sock.settimeout(1)
            while (message := game.next()) is not None:
                told.append(message)
        lines = [m for m in told if m.get("player") == "babbler"]
        assert 1 < len(lines) <= 6, lines
        assert any(m.get("player") == "quiet" for m in told)
        tickets = limited.do("ticket list")
        assert {t["player"]: t["messages"] for t in tickets} == {"babbler": 5, "quiet": 1}
        game.close()


# --- hostile text ---------------------------------------------------------------------------------

HOSTILE = [
    "plain",
    "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x1b[2J",
    "\x9b31m C1 \x90 \x85",
    "[bold red]markup[/] [link=http://x]here[/link] [/]",
    "\u202egnihtemos\u202c \u2066isolate\u2069 \u200f",
    "two\nlines\r\nand\ttabs \u2028 \u2029 \x0b\x0c\x00",
    "zero\u200bwidth\u200d\ufeff \u00ad",
    "求助 我的宝剑 不见了 🏴\u200d☠️",
    "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘!͖̬̰̙̗̿̋ͥͥ̂ͣ̐́́͜͞",
    "{text} %s %(x)s ${HOME} `id` $(id) '; DROP TABLE events;--",
]

_DANGEROUS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]"
)


def _ask_all(daemon: RealDaemon, server: str) -> list[str]:
    game = RawGame.tcp(daemon.port)
    game.enter(server)
    for n, text in enumerate(HOSTILE, 1):
        game.say(n, f"!help {text}", player=f"evil{n}", name=f"<{text}>"[:60])
    while game.until("ack")["upto"] < len(HOSTILE):
        pass
    game.close()
    return HOSTILE


def test_hostile_text_is_stored_as_sent_and_shown_harmlessly(daemon: RealDaemon) -> None:
    since = daemon.newest()
    _ask_all(daemon, "s1")
    reader = RawTerminal.unix(daemon.gate)
    reader.enter("anna", since)
    stored = [reader.until("event", kind="asked", server="s1")["text"] for _ in HOSTILE]
    assert [t.strip() for t in stored] == [t.strip() for t in HOSTILE]
    reader.close()
    tickets = [t for t in daemon.do("ticket list server:s1") if t["player_id"][:4] == "evil"]
    assert {t["text"].strip() for t in tickets} == {t.strip() for t in HOSTILE}
    shown = [daemon.gmkit("do", "--user", "anna", "ticket list server:s1")]
    shown += [daemon.gmkit("do", "--user", "anna", f"ticket view {t['ticket']}") for t in tickets]
    shown += [daemon.gmkit("do", "--user", "anna", "ticket search markup")]
    for output in shown:
        assert not (found := _DANGEROUS.findall(output.decode())), (found, output.decode())
    everything = b"".join(shown).decode()
    assert "[bold red]markup[/]" in everything
    assert "DROP TABLE" in everything


def test_watch_shows_hostile_text_harmlessly(daemon: RealDaemon) -> None:
    since = daemon.newest()
    _ask_all(daemon, "s2")
    for options in ([], ["--json"]):
        output = _watched(daemon, ["--since", str(since), *options])
        text = output.decode()
        assert not (found := _DANGEROUS.findall(text)), (found, text)
        if options:
            events = [json.loads(line) for line in text.splitlines()]
            texts = [e["text"].strip() for e in events if e["kind"] == "asked"]
            assert texts == [t.strip() for t in HOSTILE]
        else:
            assert "[bold red]markup[/]" in text


def _watched(daemon: RealDaemon, options: list[str]) -> bytes:
    """What ``gmkit watch`` prints until the last hostile line has been shown."""
    import subprocess

    from .realdaemon import GMKIT

    argv = [*GMKIT, "watch", "-c", str(daemon.config), "--user", "anna", *options]
    target = daemon.folder / "watched"
    with target.open("wb") as out:
        watching = subprocess.Popen(argv, stdout=out, stderr=subprocess.STDOUT)
    try:
        wait_for(lambda: b"DROP TABLE" in target.read_bytes(), "the last line in gmkit watch")
    finally:
        watching.kill()
        watching.wait()
    output = target.read_bytes()
    return output[: output.rindex(b"\n") + 1]


def test_broken_utf8_stays_visible(daemon: RealDaemon) -> None:
    game = RawGame.tcp(daemon.port)
    game.enter("s1")
    said = msgpack.packb(
        {"type": "said", "id": 1, "player": "gbk", "name": "gbk", "text": "!help "}
    )
    gbk = "宝剑".encode("gbk")
    assert said.endswith(b"\xa6!help ")
    body = b"\x91" + said[: -len(b"\xa6!help ")] + bytes((0xA0 | (6 + len(gbk)),)) + b"!help " + gbk
    terminal = RawTerminal.unix(daemon.gate)
    terminal.enter("anna")
    game.sock.sendall(struct.pack(">I", len(body)) + body)
    event = terminal.until("event", kind="asked", player="gbk")
    assert event["text"] == "".join(f"\\x{byte:02x}" for byte in gbk)
    terminal.close()
    game.close()
