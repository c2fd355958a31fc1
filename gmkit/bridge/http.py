"""The bridge over HTTP, for places where sockets are not to be had; with threads."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any

from gmkit.errors import GMError
from gmkit.wire import jsonform
from gmkit.wire.frames import MAX_FRAME

from .driver import CONNECT_WITHIN
from .game import Game
from .threaded import Threaded

PATH = "/bridge/1"
MOST_BODY = MAX_FRAME - 1000


class BadAnswer(GMError):
    """gmkit's HTTP port answered {status}; is the address right?"""


class Bridge(Threaded):
    """``Bridge(game, "https://gm.example:7602", server=…, token=…).start()``.

    As :class:`gmkit.bridge.threaded.Bridge`. One thread keeps a request waiting for gmkit's lines,
    another sends.
    """

    def __init__(self, game: Game, where: str, **options: Any) -> None:
        """``where`` is ``http://host:port`` or ``https://host:port``. Options: ``server``,
        ``token``, ``spool``, ``cafile``, ``tls``, ``polled``."""
        super().__init__(game, where, ("http", "https"), **options)
        self._due = threading.Event()
        self._name: str | None = None
        self._open: list[HTTPConnection] = []

    def stop(self) -> None:
        """Hang up and wait for the worker. The bridge cannot be started again."""
        self._stopping.set()
        self._hang_up()
        super().stop()

    def _wake(self) -> None:
        self._due.set()

    def _once(self) -> None:
        self._name = None
        polls = self._connection()
        sender: threading.Thread | None = None
        try:
            with self._lock:
                self._session.connect(time.monotonic())
            while not self._stopping.is_set():
                if not self.online:
                    greeting = batches(self._outgoing_json(time.monotonic())) or [b""]
                    self._post(polls, greeting[0], CONNECT_WITHIN)
                    continue
                if sender is None:
                    sender = threading.Thread(target=self._send, name="gmkit bridge sender")
                    sender.start()
                self._post(polls, b"", self._session.heartbeat)
                if not sender.is_alive():
                    raise ConnectionError("a request to gmkit failed.")
        except HTTPException as fault:
            raise ConnectionError(f"gmkit's answer is no HTTP ({type(fault).__name__}).") from None
        finally:
            with self._lock:
                self._session.lost()
            self._hang_up()
            self._wake()
            if sender is not None:
                sender.join()
            polls.close()
            self._open.clear()

    def _send(self) -> None:
        """Send what is to be sent until the session is over."""
        connection = self._connection()
        try:
            while self.online and not self._stopping.is_set():
                self._due.clear()
                bodies = batches(self._outgoing_json(time.monotonic()))
                for body in bodies:
                    self._post(connection, body, 0.0)
                if not bodies:
                    self._due.wait(1.0)
        except (OSError, GMError, HTTPException):
            self._hang_up()
        finally:
            connection.close()

    def _post(self, connection: HTTPConnection, messages: bytes, wait: float) -> None:
        about = jsonform.dumps({"session": self._name, "wait": wait})
        body = about[:-1] + b',"messages":[' + messages + b"]}"
        headers = {"Content-Type": "application/json"}
        connection.request("POST", PATH, body, headers)
        answer = connection.getresponse()
        data = answer.read()
        if answer.status != 200:
            raise BadAnswer(status=f"{answer.status} {answer.reason}")
        given = jsonform.loads(data)
        if not isinstance(given, dict) or not isinstance(given.get("messages"), list):
            raise BadAnswer(status="with something else")
        self._name = given.get("session")
        self._receive([m for m in given["messages"] if isinstance(m, dict)])

    def _connection(self) -> HTTPConnection:
        where, patience = self.address, CONNECT_WITHIN + 3 * self._session.heartbeat
        connection = (
            HTTPConnection(where.host, where.port, timeout=patience)
            if self._tls is None
            else HTTPSConnection(where.host, where.port, timeout=patience, context=self._tls)
        )
        self._open.append(connection)
        return connection

    def _hang_up(self) -> None:
        """End every connection; whoever waits on one of them hears of it."""
        for connection in list(self._open):
            sock = connection.sock
            if sock is not None:
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)


def batches(messages: list[dict[str, Any]]) -> list[bytes]:
    """The messages as JSON with commas between them, cut to what one request may hold."""
    bodies: list[bytes] = []
    for one in map(jsonform.dumps, messages):
        if bodies and len(bodies[-1]) + len(one) < MOST_BODY:
            bodies[-1] += b"," + one
        else:
            bodies.append(one)
    return bodies
