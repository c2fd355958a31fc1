"""The bridge over HTTP: the same messages as JSON, fetched by long polls.

A session stands for a connection: it begins with a hello, ends with a bye or by silence, and a
game that lost an answer begins another one.
"""

from __future__ import annotations

import math
from typing import Any

from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request

from gmkit.wire.jsonform import BadJSON, dumps, loads
from gmkit.wire.messages import WINDOW

from .channel import GameChannel, Home, Message
from .guard import TooManyConnections
from .handshake import Rejected, farewell
from .visitor import Door, Visitor

KEPT = 30.0
"""Seconds that the last words of a session wait to be fetched."""


class HTTPChannel(GameChannel):
    """A proven game that polls."""

    def __init__(
        self, hello: Message, server: str, peer: str, home: Home, session: Session
    ) -> None:
        super().__init__(hello, server, peer, home)
        self._session = session

    def take(self) -> list[bytes]:
        """Everything that waits for the game."""
        self.spoke_at = self._home.now()
        taken, self._unsent, self._unsent_bytes = self._unsent, [], 0
        return taken

    def _pack(self, message: Message) -> bytes:
        return dumps(message)

    def _write(self) -> None:
        if self._unsent:
            self._session.offer()

    def _hang_up(self) -> None:
        self._session.finish(self.take())

    def _cut(self) -> None:
        self._session.finish([])


class Session(Visitor):
    """One conversation of polls."""

    def __init__(self, door: Door, address: str, name: str, book: Book) -> None:
        super().__init__(door, address)
        self.name = name
        self._book = book
        self._channel: HTTPChannel | None = None
        self._words: list[bytes] = []
        self._finished = False
        self._held: Request | None = None
        self._timer: Any = None
        self._forgetting: Any = None

    def poll(self, messages: list[Message], wait: float, request: Request) -> None:
        """Take what the game says; answer when there is something to say or the wait is over."""
        if wait:
            self._answer_held()
        if self._finished and not self._words:
            self._words.append(dumps(farewell(no_session())))
        if self._channel is not None and not self.over:
            self._channel.heard(messages)
        else:
            for message in messages:
                if self._channel is None and not self.over:
                    self.knock(message)
        if self._channel is not None and not self.over:
            self._channel.flush()
        self._hold(request, wait)

    def offer(self) -> None:
        """Something waits for the game: answer the poll that is held, if any."""
        if self._held is not None:
            self._answer_held()

    def finish(self, words: list[bytes]) -> None:
        """The session is over; its last words wait for one more poll."""
        self.over = self._finished = True
        self._words += words
        self._forgetting = self._book.drop_later(self)
        self._answer_held()

    # --- Visitor --------------------------------------------------------------------------------

    def answer(self, message: Message) -> None:
        """Say one message of the handshake."""
        self._words.append(dumps(message))

    def admit(self, acked: int) -> GameChannel:
        """Welcome the game."""
        hello = self.handshake.hello
        assert hello is not None
        self.answer(self.handshake.welcome(acked))
        self._channel = HTTPChannel(
            self.handshake.greeting, hello.server, self.address, self.door, self
        )
        self._answer_held()
        return self._channel

    def hang_up(self, message: Message) -> None:
        """Say a last message."""
        self.finish([dumps(message)])

    # --------------------------------------------------------------------------------------------

    def _hold(self, request: Request, wait: float) -> None:
        if not wait or self._words or (self._channel is not None and self._channel.waits()):
            self._reply(request)
            return
        self._held = request
        self._timer = self.door.later(wait, self._answer_held)
        request.notifyFinish().addErrback(self._lost, request)

    def _answer_held(self) -> None:
        request, self._held = self._held, None
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None
        if request is not None:
            self._reply(request)

    def _reply(self, request: Request) -> None:
        words, self._words = self._words, []
        if self._channel is not None and not self.over:
            words += self._channel.take()
        if self._finished and self._forgetting.active():
            # The last words are on their way: strangers must not fill the memory with sessions.
            self._forgetting.cancel()
            self._book.drop(self)
        reply(request, None if self.over else self.name, words)

    def _lost(self, _: object, request: Request) -> None:
        """The peer gave up a poll that was held; nothing was said in it."""
        if self._held is request:
            self._held = None
            if self._timer is not None and self._timer.active():
                self._timer.cancel()


class Book:
    """The sessions there are."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._sessions: dict[str, Session] = {}

    def session(self, name: object, address: str) -> Session:
        """The session of this name, or a new one where none is named. Raises Rejected."""
        if name is None:
            return self._open(address)
        known = self._sessions.get(name) if isinstance(name, str) else None
        if known is None:
            raise no_session()
        return known

    def drop_later(self, session: Session) -> Any:
        """A session is over: forget it when its last words were not fetched for some time. Gives
        the timer."""
        self._door.departed(session)
        return self._door.later(KEPT, self.drop, session)

    def drop(self, session: Session) -> None:
        """Forget a session that is over."""
        self._sessions.pop(session.name, None)

    def _open(self, address: str) -> Session:
        session = Session(self._door, address, self._door.secret(), self)
        try:
            self._door.arrived(session)
        except TooManyConnections as fault:
            raise Rejected("busy", str(fault)) from None
        self._sessions[session.name] = session
        return session


class Poll(Resource):
    """``POST /bridge/1``: the one endpoint."""

    isLeaf = True

    def __init__(self, door: Door) -> None:
        super().__init__()
        self._door = door
        self._book = Book(door)

    def render_POST(self, request: Request) -> int:
        """One poll."""
        address = getattr(request.getClientAddress(), "host", "unix")
        try:
            name, messages, wait = self._read(request)
            session = self._book.session(name, address)
        except (BadJSON, Rejected) as fault:
            rejected = fault if isinstance(fault, Rejected) else Rejected("malformed", str(fault))
            self._door.note(address, rejected.reason, str(rejected))
            reply(request, None, [dumps(farewell(rejected))])
        else:
            session.poll(messages, wait, request)
        return NOT_DONE_YET

    def render_GET(self, request: Request) -> bytes:
        """Tell a person with a browser what this is."""
        request.setResponseCode(405)
        request.setHeader("Allow", "POST")
        request.setHeader("Content-Type", "text/plain; charset=utf-8")
        return b"This is a gmkit bridge: games POST their messages here.\n"

    def _read(self, request: Request) -> tuple[object, list[Message], float]:
        assert request.content is not None
        body = loads(request.content.read())
        if not isinstance(body, dict):
            raise BadJSON(problem="the body must be an object.")
        messages, wait = body.get("messages", []), body.get("wait", 0)
        if not isinstance(messages, list) or not all(isinstance(m, dict) for m in messages):
            raise BadJSON(problem="messages must be a list of objects.")
        if len(messages) > 4 * WINDOW:
            raise BadJSON(problem=f"messages must be at most {4 * WINDOW}.")
        if type(wait) not in (int, float) or not math.isfinite(wait) or wait < 0:
            raise BadJSON(problem="wait must be a number of seconds from 0.")
        return body.get("session"), messages, min(wait, self._door.limits.heartbeat)


def no_session() -> Rejected:
    """What a poll of a session hears that is over."""
    return Rejected("session", "There is no such session, it has ended: begin again with a hello.")


def reply(request: Request, session: str | None, messages: list[bytes]) -> None:
    """Answer a poll."""
    request.setHeader("Content-Type", "application/json; charset=utf-8")
    request.setHeader("Cache-Control", "no-store")
    body = b'{"session":' + dumps(session) + b',"messages":[' + b",".join(messages) + b"]}"
    request.setHeader("Content-Length", str(len(body)))
    request.write(body)
    request.finish()
