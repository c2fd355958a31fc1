"""The game's end of the bridge protocol, without I/O: docs/bridge-protocol.md as a state machine.

A driver moves messages and time: :meth:`Session.connect` when a connection stands,
:meth:`Session.receive` with what came, :meth:`Session.take` for what to send,
:meth:`Session.tick` now and then, :meth:`Session.lost` at the end.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from gmkit.errors import GMError
from gmkit.model import Player
from gmkit.wire import challenge, messages
from gmkit.wire.frames import MAX_FRAME, pack
from gmkit.wire.jsonform import storable
from gmkit.wire.messages import PROTOCOL, WINDOW, Unfit

from .game import Game
from .store import Memory, Message, Store
from .work import Announce, Call, RefusedMessage, Tell, Welcomed, Work

MOST_PENDING = 10_000
"""Messages that may wait for gmkit."""
LARGEST = MAX_FRAME // 8
"""The longest message sent, in bytes of msgpack: as JSON, too, it is shorter than a frame."""


class Ended(GMError):
    """The conversation with gmkit ended ({reason}): {sentence}"""

    @property
    def reason(self) -> str:
        """The protocol's word for it, such as ``credentials``."""
        return str(self.facts["reason"])


class Full(GMError):
    """{count} messages wait for gmkit already; this one was not taken."""


class Session:
    """Everything the protocol asks a game to remember. Not thread-safe."""

    def __init__(
        self,
        game: Game,
        *,
        server: str,
        token: str,
        store: Store | None = None,
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self.server = server
        self.online = False
        """Whether the handshake of this connection is done."""
        self.heartbeat = 15.0
        self._game = game
        self._token = token
        self._store = store or Memory(random)
        self._random = random
        self._waiting: deque[Message] = deque(self._store.pending())
        self._under_way: deque[Message] = deque()
        self._acked = 0
        self._window = WINDOW
        self._control: list[Message] = []
        self._nonce = ""
        self._proof_due = ""
        self._heard = self._spoke = 0.0
        self._players: dict[str, Player] = {}
        self._roster_due = False
        self._showing: set[str] = set()
        self._handlers: dict[str, Callable[[Message], Work | None]] = {
            "ack": self._on_ack,
            "tell": self._on_tell,
            "announce": self._on_announce,
            "call": self._on_call,
            "refused": self._on_refused,
            "ping": self._on_ping,
        }

    # --- what the game tells --------------------------------------------------------------------

    def said(self, player: Player, text: str) -> int:
        """A player typed a line; its number. Raises Full, or Unfit where gmkit would refuse it."""
        message = storable({"type": "said", **_fields(player), "text": text})
        messages.said(message)
        if self._full():
            raise Full(count=MOST_PENDING)
        return self._number(message)

    def joined(self, player: Player) -> None:
        """The player is on the server now."""
        self._presence("joined", player)

    def renamed(self, player: Player) -> None:
        """The player has another name now."""
        self._presence("renamed", player)

    def left(self, player_id: str) -> None:
        """The player is no longer there."""
        self._players.pop(player_id, None)
        self._tell_presence({"type": "left", "player": storable(player_id)})

    def data(self, player_id: str, facts: Mapping[str, Any]) -> None:
        """Facts about a player; dropped while there is no connection."""
        message = storable({"type": "data", "player": player_id, "facts": facts})
        messages.facts(message)
        if len(pack(message)) > LARGEST:
            raise messages.TooLong(field="facts", most=f"{LARGEST} bytes")
        if self.online and not self._full():
            self._number(message)

    def roster(self, players: Iterable[Player]) -> None:
        """Exactly these players are on the server."""
        self._players = {p.id: p for p in players}
        self._roster_due = self.online

    # --- what the driver does -------------------------------------------------------------------

    def connect(self, now: float) -> None:
        """A connection stands: greet."""
        self.lost()
        self._heard = self._spoke = now
        self._nonce = challenge.nonce(self._random)
        limits = {k: v for k, v in self._game.limits._asdict().items() if v}
        self._control = [
            {
                "type": "hello",
                "protocol": PROTOCOL,
                "server": self.server,
                "stream": self._store.stream,
                "nonce": self._nonce,
                "client": self._game.client,
                "can": list(self._game.can()),
                "limits": limits,
                "triggers": list(self._game.triggers),
            }
        ]

    def lost(self) -> None:
        """The connection is gone; what was under way has to be sent again."""
        self.online = self._roster_due = False
        self._proof_due = ""
        self._control = []
        self._waiting.extendleft(reversed(self._under_way))
        self._under_way.clear()

    def receive(self, given: Sequence[Mapping[str, Any]], now: float) -> list[Work]:
        """What came; what is to be done about it. Raises Ended; then close the connection."""
        self._heard = now
        work: list[Work] = []
        for message in given:
            kind = message.get("type")
            if kind == "bye":
                reason, sentence = str(message.get("reason")), str(message.get("sentence"))
                raise Ended(reason=reason, sentence=sentence)
            if not self.online:
                self._greeted(kind, message, work)
            elif kind in self._handlers:
                one = self._handlers[kind](dict(message))
                if one is not None:
                    work.append(one)
        return work

    def take(self, now: float) -> list[Message]:
        """What to send now, in order."""
        out, self._control = self._control, []
        if self.online:
            if self._roster_due and not self._waiting:
                self._send_roster()
            while self._waiting and len(self._under_way) < self._window:
                message = self._waiting.popleft()
                self._under_way.append(message)
                out.append(message)
        if out:
            self._spoke = now
        return out

    def tick(self, now: float) -> None:
        """Ping when it is time. Raises Ended when gmkit has been silent for too long."""
        if now - self._heard > 2.5 * self.heartbeat:
            silence = f"nothing came for {now - self._heard:.0f} seconds."
            raise Ended(reason="silent", sentence=silence)
        if self.online and now - self._spoke >= self.heartbeat and not self._control:
            self._control.append({"type": "ping"})

    def begin(self, tell: Tell) -> None:
        """The line is about to be shown. Call it directly before."""
        self._store.began(tell.delivery)

    def finish(self, tell: Tell, shown: bool) -> None:
        """The line was shown, or it cannot be."""
        self._showing.discard(tell.delivery)
        self._store.ended(tell.delivery, shown)
        if tell.confirm:
            self._told(tell.delivery, "shown" if shown else "gone")

    def result(self, call: Call, value: Any = None, error: str | None = None) -> None:
        """What a call came to."""
        answer: Message = {"type": "result", "id": call.id, "ok": error is None}
        if error is None:
            try:
                value = storable(value)
                messages.plain(value, "value")
                if len(pack({"value": value})) > LARGEST:
                    raise messages.TooLong(field="value", most=f"{LARGEST} bytes")
            except Unfit as fault:
                error = f"The game's answer cannot be sent: {fault}"
                answer["ok"] = False
        answer |= {"value": value} if error is None else {"error": storable(error)[:1000]}
        if self.online:
            self._control.append(answer)

    def close(self) -> None:
        """Let go of the store."""
        self._store.close()

    # --- the handshake --------------------------------------------------------------------------

    def _greeted(self, kind: Any, message: Mapping[str, Any], work: list[Work]) -> None:
        if kind == "challenge" and not self._proof_due:
            nonce = message.get("nonce")
            if not challenge.is_nonce(nonce):
                raise Ended(reason="malformed", sentence="gmkit's challenge has no nonce.")
            self._proof_due = self._proof(challenge.GMKIT, str(nonce))
            proof = self._proof(challenge.GAME, str(nonce))
            self._control.append({"type": "proof", "proof": proof})
        elif kind == "welcome" and self._proof_due:
            if not challenge.same(self._proof_due, message.get("proof")):
                sentence = "this gmkit does not know the token; it is not yours."
                raise Ended(reason="impostor", sentence=sentence)
            self._welcomed(message)
            work.append(Welcomed())

    def _proof(self, label: str, nonce: str) -> str:
        return challenge.proof(self._token, label, self.server, self._nonce, nonce)

    def _welcomed(self, message: Mapping[str, Any]) -> None:
        self.online = True
        self.heartbeat = float(message.get("heartbeat", 15.0))
        self._window = int(message.get("window", WINDOW))
        self._on_ack({"upto": message.get("acked", 0)})
        self._roster_due = True

    # --- messages of gmkit ----------------------------------------------------------------------

    def _on_ack(self, message: Message) -> None:
        upto = message.get("upto")
        if type(upto) is not int or upto <= self._acked:
            return
        self._acked = upto
        for queue in (self._under_way, self._waiting):
            while queue and queue[0]["id"] <= upto:
                queue.popleft()
        self._store.forget(upto)
        # Never below: a number that gmkit has seen must not name another message.
        self._store.last = max(self._store.last, upto)

    def _on_tell(self, message: Message) -> Work | None:
        delivery, confirm = str(message.get("id")), message.get("confirm") is not False
        if delivery in self._showing:
            return None
        known = self._store.shown(delivery)
        if known is False:
            self._showing.add(delivery)
            text, player = str(message.get("text")), str(message.get("player"))
            return Tell(delivery, player, text, confirm)
        if confirm:
            self._told(delivery, "shown", unsure=known is None)
        return None

    def _on_announce(self, message: Message) -> Work:
        return Announce(str(message.get("text")))

    def _on_call(self, message: Message) -> Work | None:
        arguments = message.get("arguments")
        player, verb = str(message.get("player")), str(message.get("verb"))
        call = Call(
            str(message.get("id")),
            verb,
            Player(player, str(message.get("name", player))),
            arguments if isinstance(arguments, dict) else {},
        )
        if verb in self._game.can():
            return call
        self.result(call, error=f"This game does not know how to {verb[:64]}.")
        return None

    def _on_refused(self, message: Message) -> Work:
        number = message.get("id")
        return RefusedMessage(
            number if type(number) is int else 0,
            str(message.get("reason")),
            str(message.get("sentence")),
        )

    def _on_ping(self, _: Message) -> None:
        self._control.append({"type": "pong"})

    # --------------------------------------------------------------------------------------------

    def _told(self, delivery: str, result: str, unsure: bool = False) -> None:
        if self.online:
            message: Message = {"type": "told", "id": delivery, "result": result}
            self._control.append(message | {"unsure": True} if unsure else message)

    def _presence(self, kind: str, player: Player) -> None:
        message = storable({"type": kind, **_fields(player)})
        messages.player(message)
        self._players[player.id] = player
        self._tell_presence(message)

    def _tell_presence(self, message: Message) -> None:
        """Nothing while there is no connection or no room: a roster will say it all."""
        if self._full():
            self._roster_due = True
        elif self.online:
            self._number(message)

    def _full(self) -> bool:
        return len(self._waiting) + len(self._under_way) >= MOST_PENDING

    def _number(self, message: Message) -> int:
        number = self._store.last + 1
        numbered = {"type": message["type"], "id": number, **message}
        self._store.add(numbered)
        self._waiting.append(numbered)
        return number

    def _send_roster(self) -> None:
        """Everybody at once, or the first as a roster and the others one by one."""
        self._roster_due = False
        rows = [storable(_fields(p)) for p in self._players.values()]
        most = min(len(rows), messages.ROSTER)
        while most > 1 and len(pack({"players": rows[:most]})) > LARGEST:
            most //= 2
        self._number({"type": "roster", "players": rows[:most]})
        for row in rows[most:]:
            self._number({"type": "joined", **row})


def _fields(player: Player) -> Message:
    """A player as the fields of a message."""
    fields: Message = {"player": player.id, "name": player.name}
    if player.account is not None:
        fields["account"] = player.account
    if player.vip:
        fields["vip"] = player.vip
    if player.locale is not None:
        fields["locale"] = player.locale
    return fields
