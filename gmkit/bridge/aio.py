"""The bridge for game servers that run on asyncio."""

from __future__ import annotations

import asyncio
import os
import random
import ssl
import time
from typing import Any

from gmkit.errors import GMError
from gmkit.wire.frames import Decoder

from .driver import CONNECT_WITHIN, Driver, Pauses, address, tls_context, why
from .game import Game
from .store import Store
from .work import Lost, Welcomed, Work


class Bridge(Driver):
    """``await Bridge(game, "tls://gm.example:7601", server=…, token=…).run()``.

    Call its methods from the loop's own thread. The game's methods may be coroutine functions.
    """

    def __init__(
        self,
        game: Game,
        where: str,
        *,
        server: str,
        token: str,
        spool: str | os.PathLike[str] | Store | None = None,
        cafile: str | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """``where`` is ``tcp://host:port`` or ``tls://host:port``; ``cafile`` a certificate to
        trust besides, ``tls`` a context of your own."""
        target = address(where, "tcp", "tls")
        super().__init__(game, target, server=server, token=token, spool=spool)
        self._tls = (tls or tls_context(target, cafile)) if target.secure else None
        self._pauses = Pauses(random.Random())
        self._writer: asyncio.StreamWriter | None = None
        self._flushing = False
        self._tasks: set[asyncio.Task[Any]] = set()

    async def run(self) -> None:
        """Stay connected until cancelled."""
        try:
            while True:
                try:
                    await self._once()
                except (OSError, GMError, TimeoutError, asyncio.IncompleteReadError) as fault:
                    self._do(Lost(why(fault)))
                    pause = self._pauses.next(fault)
                await asyncio.sleep(pause)
        finally:
            self._session.close()

    async def _once(self) -> None:
        opening = asyncio.open_connection(self.address.host, self.address.port, ssl=self._tls)
        reader, writer = await asyncio.wait_for(opening, CONNECT_WITHIN)
        self._writer = writer
        try:
            self._session.connect(time.monotonic())
            self._flush()
            await self._listen(reader)
        finally:
            self._writer = None
            self._session.lost()
            writer.close()

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        decoder = Decoder()
        while True:
            try:
                data = await asyncio.wait_for(reader.read(1 << 16), 1.0)
            except TimeoutError:
                data = None
            if data == b"":
                raise ConnectionError("gmkit closed the connection.")
            if data:
                for work in self._session.receive(decoder.feed(data), time.monotonic()):
                    self._do(work)
            self._session.tick(time.monotonic())
            self._flush()

    def _do(self, work: Work) -> None:
        if isinstance(work, Welcomed):
            self._pauses.succeeded()
        later = self._perform(work)
        if later is not None:
            task = asyncio.ensure_future(later)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _wake(self) -> None:
        if not self._flushing and self._writer is not None:
            self._flushing = True
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        self._flushing = False
        if self._writer is not None:
            data = self._outgoing(time.monotonic())
            if data:
                self._writer.write(data)
