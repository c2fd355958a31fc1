"""The gate for the console: one asyncio task that keeps the link, and answers to await."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Any

from gmkit.errors import GMError

from .backoff import Backoff
from .blocking import CONNECT_WITHIN, LinkClosed, LinkDown, NoAnswer
from .core import GateCore, Message, TurnedAway
from .endpoint import Endpoint, Unreachable, tls_context, unreachable

TICK = 1.0

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class GateClient:
    """Keeps one terminal connected. ``on_message`` hears everything but answers."""

    def __init__(
        self,
        core: GateCore,
        where: Endpoint,
        *,
        on_message: Callable[[Message], None],
        on_down: Callable[[GMError], None],
        jitter: random.Random,
    ) -> None:
        """``on_down`` hears why the link is lost or could not be made."""
        self.core = core
        self._where = where
        self._on_message = on_message
        self._on_down = on_down
        self._backoff = Backoff(jitter)
        self._silent = False
        self._writer: asyncio.StreamWriter | None = None
        self._answers: dict[int, asyncio.Future[Message]] = {}

    async def run(self) -> None:
        """Connect, again and again, until cancelled.

        Raises what makes another try pointless: TurnedAway, or Unreachable at the first try.
        """
        while True:
            try:
                await self._connection()
            except TurnedAway as why:
                if not why.facts["retry"]:
                    raise
                self._on_down(why)
            except Unreachable as why:
                if not self.core.met:
                    raise
                self._on_down(why)
            except GMError as why:
                self._on_down(why)
            await asyncio.sleep(self._backoff.again())

    async def do(self, line: str) -> Message:
        """Run a command: the ``answer`` or ``refused`` message, whenever the link allows."""
        return await self._asked(self.core.do(line))

    async def ask(self, type: str, **message: Any) -> Message:
        """Ask for ``commands`` or ``players``."""
        return await self._asked(self.core.ask(type, **message))

    async def _asked(self, id: int) -> Message:
        future: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._answers[id] = future
        self._flush()
        try:
            return await future
        finally:
            self._answers.pop(id, None)
            self.core.give_up(id)

    async def _connection(self) -> None:
        """One connection from beginning to end. Raises GMError when it ends."""
        reader, writer = await self._open()
        ticking = asyncio.create_task(self._tick())
        try:
            self._silent = False
            self.core.connected()
            self._writer = writer
            self._flush()
            while data := await reader.read(1 << 16):
                for message in self.core.received(data):
                    self._heard(message)
                self._flush()
            raise NoAnswer() if self._silent else LinkClosed()
        except OSError as fault:
            raise LinkDown(reason=f"{fault.strerror or fault}.") from None
        finally:
            ticking.cancel()
            self._writer = None
            self.core.lost()
            writer.transport.abort()

    async def _open(self) -> Streams:
        try:
            async with asyncio.timeout(CONNECT_WITHIN):
                if self._where.path:
                    return await asyncio.open_unix_connection(self._where.path)
                return await asyncio.open_connection(
                    self._where.host, self._where.port, ssl=tls_context(self._where)
                )
        except OSError as fault:
            raise unreachable(self._where, fault) from None

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            if not self.core.tick() and self._writer is not None:
                self._silent = True
                self._writer.transport.abort()
            self._flush()

    def _heard(self, message: Message) -> None:
        if message["type"] == "welcome":
            self._backoff.worked()
        future = self._answers.get(message.get("id", 0))
        if future is None:
            self._on_message(message)
        elif not future.done():
            future.set_result(message)

    def _flush(self) -> None:
        if self._writer is not None and (data := self.core.take()):
            self._writer.write(data)
