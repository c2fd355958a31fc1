"""The bridge for game servers with threads, or with a main loop that must not wait."""

from __future__ import annotations

import os
import queue
import random
import selectors
import socket
import ssl
import threading
import time
from typing import Any

from gmkit.errors import GMError
from gmkit.wire.frames import Decoder

from .driver import CONNECT_WITHIN, Driver, Pauses, address, log, tls_context, why
from .game import Game
from .store import Store
from .work import Lost, Welcomed, Work


class Threaded(Driver):
    """A worker thread, and where the game's methods run."""

    def __init__(
        self,
        game: Game,
        where: str,
        schemes: tuple[str, str],
        *,
        server: str,
        token: str,
        spool: str | os.PathLike[str] | Store | None = None,
        cafile: str | None = None,
        tls: ssl.SSLContext | None = None,
        polled: bool = False,
    ) -> None:
        target = address(where, *schemes)
        super().__init__(
            game, target, server=server, token=token, spool=spool, lock=threading.RLock()
        )
        self._tls = (tls or tls_context(target, cafile)) if target.secure else None
        self._polled = polled
        self._work: queue.SimpleQueue[Work] = queue.SimpleQueue()
        self._pauses = Pauses(random.Random())
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="gmkit bridge", daemon=True)

    def start(self) -> None:
        """Dial, and stay connected until ``stop``."""
        self._thread.start()

    def stop(self) -> None:
        """Hang up and wait for the worker. The bridge cannot be started again."""
        self._stopping.set()
        self._wake()
        if self._thread.ident is not None and threading.current_thread() is not self._thread:
            self._thread.join()
        with self._lock:
            self._session.close()

    def poll(self) -> int:
        """Run what waits for the game, on this thread; how much that was. For ``polled``."""
        done = 0
        while True:
            try:
                work = self._work.get_nowait()
            except queue.Empty:
                return done
            self._perform(work)
            done += 1

    def _receive(self, messages: list[dict[str, Any]]) -> None:
        with self._lock:
            received = self._session.receive(messages, time.monotonic())
        for work in received:
            if isinstance(work, Welcomed):
                self._pauses.succeeded()
            self._do(work)

    def _do(self, work: Work) -> None:
        if self._polled:
            self._work.put(work)
        else:
            self._perform(work)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._once()
            except (OSError, GMError) as fault:
                pause = self._trouble(fault)
            except Exception as fault:  # noqa: BLE001 - the worker must outlive its own faults
                log.error("the bridge failed", exc_info=fault)
                pause = self._trouble(fault)
            else:
                continue
            self._stopping.wait(pause)

    def _trouble(self, fault: Exception) -> float:
        if not self._stopping.is_set():
            self._do(Lost(why(fault)))
        return self._pauses.next(fault)

    def _once(self) -> None:
        """One connection, from dialling to its end."""
        raise NotImplementedError


class Bridge(Threaded):
    """``Bridge(game, "tls://gm.example:7601", server=…, token=…).start()``.

    Its methods may be called from any thread. The game's methods run on the worker's thread and
    should be quick; with ``polled`` they run inside of :meth:`poll`, on the thread that calls it.
    """

    def __init__(self, game: Game, where: str, **options: Any) -> None:
        """``where`` is ``tcp://host:port`` or ``tls://host:port``. Options: ``server``,
        ``token``, ``spool``, ``cafile``, ``tls``, ``polled``."""
        super().__init__(game, where, ("tcp", "tls"), **options)
        self._waker, self._woken = socket.socketpair()
        self._waker.setblocking(False)
        self._woken.setblocking(False)

    def _wake(self) -> None:
        try:
            self._waker.send(b"!")
        except OSError:
            return  # It is full, so it wakes anyway; or closed, and nobody sleeps.

    def _run(self) -> None:
        super()._run()
        self._waker.close()
        self._woken.close()

    def _once(self) -> None:
        where = self.address
        with socket.create_connection((where.host, where.port), CONNECT_WITHIN) as plain:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls is None:
                self._talk(plain)
            else:
                with self._tls.wrap_socket(plain, server_hostname=where.host) as secure:
                    self._talk(secure)

    def _talk(self, sock: socket.socket) -> None:
        decoder = Decoder()
        try:
            with self._lock:
                self._session.connect(time.monotonic())
            with selectors.DefaultSelector() as selector:
                selector.register(sock, selectors.EVENT_READ)
                selector.register(self._woken, selectors.EVENT_READ)
                while not self._stopping.is_set():
                    data = self._outgoing(time.monotonic())
                    if data:
                        sock.sendall(data)
                    self._listen(sock, selector, decoder)
                    with self._lock:
                        self._session.tick(time.monotonic())
        finally:
            with self._lock:
                self._session.lost()

    def _listen(
        self, sock: socket.socket, selector: selectors.BaseSelector, decoder: Decoder
    ) -> None:
        ready = {key.fileobj for key, _ in selector.select(1.0)}
        if self._woken in ready:
            while len(self._woken.recv(4096)) == 4096:
                pass
        if sock in ready:
            data = sock.recv(1 << 16)
            while isinstance(sock, ssl.SSLSocket) and sock.pending():
                data += sock.recv(sock.pending())
            if not data:
                raise ConnectionError("gmkit closed the connection.")
            self._receive(decoder.feed(data))
