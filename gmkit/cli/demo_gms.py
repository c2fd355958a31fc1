"""GMs who work by a script: they claim what is asked, answer, and complete."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from random import Random
from typing import Any

from gmkit.console.core import GateCore, Message

from .demo_totals import Answer, Journal

AT_ONCE = 8
"""Tickets that one scripted GM works on at the same time."""
THINKING = (0.05, 0.4)
"""Seconds between two steps with one ticket: at least and at most."""
ANSWERS = {
    True: (
        "您好，已经帮您看过了，请重新登录一次再试。",
        "收到，正在核对，请稍等。",
        "这笔订单已经补发到邮箱，请查收。",
        "付款成功后一般 10 分钟内到账，高峰期最多 30 分钟。请先重新登录，再到设置里点补单。" * 6,
    ),
    False: (
        "Hello, I have looked into it; please log in again and try once more.",
        "Thank you, I am checking that now.",
        "The item is in your mailbox again.",
        "Payments land within 10 minutes, 30 at peak. Please log in again and look once more. " * 3,
    ),
}


class ScriptedGM:
    """One GM at one connection to the gate.

    Serves every ticket whose number leaves ``turn`` when divided by ``of``; writes what the
    terminal sees into the journal.
    """

    def __init__(
        self, name: str, *, turn: int, of: int, journal: Journal, rng: Random, lang: str
    ) -> None:
        self._stream = secrets.token_hex(8)
        self._core = GateCore(
            time.monotonic,
            user=name,
            lang=lang,
            duty=True,
            since=0,
            snapshot=False,
            stream=self._stream,
        )
        self._turn = turn
        self._of = of
        self._journal = journal
        self._rng = rng
        self._tickets: dict[int, dict[str, Any]] = {}
        self._at_work: set[int] = set()
        self._said_more: set[int] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._answers: dict[int, asyncio.Future[Message]] = {}
        self._places = asyncio.Semaphore(AT_ONCE)
        self._send: Callable[[], None] = lambda: None

    @property
    def idle(self) -> bool:
        """Whether no ticket is being worked on."""
        return not self._tasks

    async def serve(self, socket: Path) -> None:
        """Work until cancelled or until the daemon ends the connection."""
        reader, writer = await asyncio.open_unix_connection(str(socket))
        self._send = lambda: writer.write(self._core.take())
        try:
            self._core.connected()
            self._send()
            while data := await reader.read(1 << 16):
                for message in self._core.received(data):
                    self._hear(message)
                self._send()
        finally:
            for task in self._tasks:
                task.cancel()
            writer.close()

    def _hear(self, message: Message) -> None:
        if message["type"] == "event":
            self._event(message["event"])
        elif message["type"] in ("answer", "refused"):
            waiting = self._answers.pop(message["id"], None)
            if waiting is not None and not waiting.done():
                waiting.set_result(message)

    def _event(self, event: dict[str, Any]) -> None:
        kind, ticket, source = event["kind"], event["ticket"], event["source"]
        if kind == "asked":
            self._tickets[ticket] = event["data"]
        if kind in ("asked", "added"):
            self._journal.heard.setdefault(source, []).append(time.time())
            if ticket % self._of == self._turn:
                self._take_up(ticket)
        elif kind in ("replied", "completed") and event["data"].get("delivery"):
            account = self._tickets.get(ticket, {}).get("account")
            self._journal.answers[source] = Answer(
                event["data"]["delivery"], event["server"], event["player"], account
            )

    def _take_up(self, ticket: int) -> None:
        if ticket in self._at_work:
            self._said_more.add(ticket)
            return
        self._at_work.add(ticket)
        self._start(self._work(ticket))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work(self, ticket: int) -> None:
        """One ticket from the claim to its end."""
        async with self._places:
            await self._think()
            await self._do(f"ticket claim {ticket}")
            while True:
                self._said_more.discard(ticket)
                await self._think()
                await self._answer(f"ticket reply {ticket} {self._words(ticket)}")
                await self._think()
                if ticket not in self._said_more:
                    break
            # From here on another line of the player is another piece of work.
            self._at_work.discard(ticket)
            await self._answer(f"ticket complete {ticket} {self._words(ticket)}")

    async def _answer(self, line: str) -> None:
        """A command that sends the player something; noted if it is accepted."""
        sent = time.time()
        id, message = await self._do(line)
        if message["type"] == "answer":
            self._journal.accepted[f"{self._stream}:{id}"] = sent

    async def _do(self, line: str) -> tuple[int, Message]:
        id = self._core.do(line)
        self._answers[id] = waiting = asyncio.get_running_loop().create_future()
        self._send()
        return id, await waiting

    async def _think(self) -> None:
        await asyncio.sleep(self._rng.uniform(*THINKING))

    def _words(self, ticket: int) -> str:
        chinese = self._tickets.get(ticket, {}).get("locale") == "zh_CN"
        return self._rng.choice(ANSWERS[chinese])
