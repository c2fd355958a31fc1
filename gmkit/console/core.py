"""The terminal's side of the gate protocol, without any I/O (docs/gate-protocol.md)."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Any

from gmkit import __version__
from gmkit.errors import GMError
from gmkit.wire.frames import Decoder, encode
from gmkit.wire.gate import HEARTBEAT, MAX_FROM_DAEMON, SILENCE, VERSION

Message = dict[str, Any]


class TurnedAway(GMError):
    """{sentence}"""


class GateCore:
    """What one terminal knows and has asked, over any number of connections.

    The driver calls ``connected``, ``received``, ``tick`` and ``lost``, and sends what ``take``
    gives. Events come out of ``received`` exactly once, in order; requests are repeated after a
    lost connection until they are answered.
    """

    def __init__(
        self,
        seconds: Callable[[], float],
        *,
        user: str | None = None,
        password: str | None = None,
        lang: str = "en",
        duty: bool = False,
        follow: bool = True,
        since: int | None = None,
        snapshot: bool = True,
        stream: str | None = None,
    ) -> None:
        """``follow``: subscribe to events, behind ``since``. ``snapshot``: ask for the present too
        when ``since`` is given. ``stream`` names this run in the sources of commands.
        """
        self.seq = since
        self.welcome: Message | None = None
        self.met = False
        """Whether any login has worked so far."""
        self._seconds = seconds
        self._user = user
        self._password = password
        self._lang = lang
        self._duty = duty
        self._follow = follow
        self._snapshot = snapshot
        self._stream = stream or secrets.token_hex(8)
        self._token: str | None = None
        self._count = 0
        self._pending: dict[int, Message] = {}
        self._parts: Message | None = None
        self._out = bytearray()
        self._decoder = Decoder(MAX_FROM_DAEMON)
        self._heard = self._spoke = seconds()

    # --- the connection -----------------------------------------------------------------------

    def connected(self) -> None:
        """A connection was made: greet."""
        self._decoder = Decoder(MAX_FROM_DAEMON)
        self._parts = None
        self._out.clear()
        self._heard = self._seconds()
        secret = {"token": self._token} if self._token else {"password": self._password}
        self._send(
            type="hello",
            version=VERSION,
            name=self._user,
            lang=self._lang,
            duty=self._duty,
            client=f"gmkit {__version__}",
            **secret,
        )

    def lost(self) -> None:
        """The connection ended."""
        self.welcome = None
        self._out.clear()

    def take(self) -> bytes:
        """What is to be sent now."""
        data = bytes(self._out)
        self._out.clear()
        return data

    def tick(self) -> bool:
        """To be called every second or so; False when the daemon is silent for too long."""
        now = self._seconds()
        if self.welcome is not None and now - self._spoke >= HEARTBEAT:
            self._send(type="ping")
        return now - self._heard < SILENCE

    # --- asking -------------------------------------------------------------------------------

    def do(self, line: str) -> int:
        """Ask for a command; ``answer`` or ``refused`` with this id will come of it."""
        self._count += 1
        return self._ask(type="do", line=line, source=[self._stream, self._count])

    def ask(self, type: str, **message: Any) -> int:
        """Ask something else: ``commands`` or ``players``."""
        self._count += 1
        return self._ask(type=type, **message)

    def give_up(self, id: int) -> None:
        """Nobody waits for this answer any more; the command may be carried out all the same."""
        self._pending.pop(id, None)

    def duty(self, on: bool) -> None:
        """Whether this terminal puts its GM on duty."""
        self._duty = on
        if self.welcome is not None:
            self._send(type="presence", duty=on)

    def _ask(self, **message: Any) -> int:
        id = self._count
        self._pending[id] = {"id": id, **message}
        if self.welcome is not None:
            self._send(**self._pending[id])
        return id

    def _send(self, **message: Any) -> None:
        self._out += encode(message)
        self._spoke = self._seconds()

    # --- hearing ------------------------------------------------------------------------------

    def received(self, data: bytes) -> list[Message]:
        """Take bytes in; the messages that are of interest.

        Raises TurnedAway when the daemon ends the connection, BadFrame or FrameTooLong when it
        speaks something else.
        """
        self._heard = self._seconds()
        heard: list[Message] = []
        for message in self._decoder.feed(data):
            take = self._TAKES.get(str(message.get("type")))
            taken = take(self, message) if take else None
            if taken is not None:
                heard.append(taken)
        return heard

    def _welcome(self, message: Message) -> Message:
        self.welcome = message
        self.met = True
        self._token = message.get("token")
        self._user = message.get("gm", self._user)
        if self._follow:
            wants = self.seq is None or self._snapshot
            self._send(type="subscribe", since=self.seq, snapshot=wants)
        for asked in self._pending.values():
            self._send(**asked)
        return message

    def _goodbye(self, message: Message) -> None:
        facts = {"reason": message.get("code"), "retry": bool(message.get("retry"))}
        if message.get("code") == "token-expired" and self._token is not None:
            self._token = None
            facts["retry"] = self._password is not None
        raise TurnedAway(sentence=str(message.get("sentence")), **facts)

    def _shown(self, part: Message) -> Message | None:
        """Snapshots come in parts; handed on as one."""
        if self._parts is None:
            self._parts = part
        else:
            self._parts["tickets"] += part["tickets"]
        if part.get("more"):
            return None
        whole, self._parts = self._parts, None
        if self.seq is None or whole.get("reset"):
            self.seq = whole["seq"]
        self._snapshot = False
        return whole

    def _event(self, event: Message) -> Message | None:
        seq = event.get("seq")
        if not isinstance(seq, int) or (self.seq is not None and seq <= self.seq):
            return None
        self.seq = seq
        del event["type"]
        return {"type": "event", "event": event}

    def _pong(self, message: Message) -> None:
        seq = message.get("seq")
        if self.seq is not None and isinstance(seq, int):
            self.seq = max(self.seq, seq)

    def _answered(self, message: Message) -> Message | None:
        id = message.get("id")
        asked = self._pending.pop(id, None) if isinstance(id, int) else None
        return message if asked is not None else None

    def _passed_on(self, message: Message) -> Message:
        return message

    _TAKES: Mapping[str, Callable[[GateCore, Message], Message | None]] = {
        "welcome": _welcome,
        "goodbye": _goodbye,
        "snapshot": _shown,
        "event": _event,
        "pong": _pong,
        "answer": _answered,
        "refused": _answered,
        "commands": _answered,
        "players": _answered,
        "notice": _passed_on,
    }
