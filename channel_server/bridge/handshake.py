"""The handshake of the bridge, from ``hello`` to a proven game; no I/O here."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from gmkit.errors import GMError
from gmkit.wire import challenge
from gmkit.wire.messages import PROTOCOL, TEXT, WINDOW, BadMessage, Hello, hello, kind

from .guard import BridgeLimits, Guard, TooManyFailures

Message = Mapping[str, Any]


class Rejected(GMError):
    """{sentence}"""

    def __init__(self, reason: str, sentence: str, log: str = "", delay: float = 0.0) -> None:
        """``log`` is for the operator where the peer must not know as much; ``delay`` is how
        long the answer is held back, in seconds."""
        super().__init__(sentence=sentence)
        self.reason = reason
        self.log = log or sentence
        self.delay = delay


def farewell(fault: Rejected) -> Message:
    """The bye that tells a peer why it is sent away."""
    return {"type": "bye", "reason": fault.reason, "sentence": str(fault)}


class Handshake:
    """One peer on its way from stranger to game."""

    def __init__(
        self,
        *,
        address: str,
        token_of: Callable[[str], str | None],
        guard: Guard,
        limits: BridgeLimits,
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        """``token_of`` gives the token of a server that gmkit serves, None for all others."""
        self._address = address
        self._token_of = token_of
        self._guard = guard
        self._limits = limits
        self._random = random
        self._nonce = challenge.nonce(random)
        self.proven = False
        self.hello: Hello | None = None
        self.greeting: Message = {}

    def receive(self, message: Message) -> Message | None:
        """The challenge that answers a hello, or None: the peer has proven itself.

        Raises Rejected.
        """
        wanted = ("proof" if self.hello else "hello") if not self.proven else "none before welcome"
        if message.get("type") != wanted:
            said = kind(message)
            raise Rejected("malformed", f"The first messages are hello and proof, not {said}.")
        if self.hello is None:
            self.hello = self._greeted(message)
            self.greeting = message
            return {"type": "challenge", "nonce": self._nonce, "protocol": PROTOCOL}
        self._prove(self.hello, message.get("proof"))
        return None

    def welcome(self, acked: int) -> Message:
        """The message that lets the game speak; it proves gmkit to the game."""
        assert self.hello is not None
        return {
            "type": "welcome",
            "protocol": PROTOCOL,
            "proof": self._proof(self.hello, challenge.GMKIT),
            "acked": acked,
            "window": WINDOW,
            "heartbeat": self._limits.heartbeat,
            "limits": {"text": TEXT, "frame": 1 << 20},
        }

    def _greeted(self, message: Message) -> Hello:
        version = message.get("protocol")
        if type(version) is not int or version != PROTOCOL:
            theirs = repr(version)[:20]
            sentence = f"This gmkit speaks version {PROTOCOL} of the bridge protocol, not {theirs}."
            raise Rejected("version", sentence)
        try:
            greeting = hello(message)
            self._guard.check(self._address, self._counted_as(greeting.server))
        except BadMessage as fault:
            raise Rejected("malformed", str(fault)) from None
        except TooManyFailures as fault:
            raise Rejected("failures", str(fault)) from None
        return greeting

    def _prove(self, greeting: Hello, given: object) -> None:
        server = greeting.server
        token = self._token_of(server)
        # An unknown server costs the same time and gets the same answer as a wrong token.
        right = challenge.same(self._proof(greeting, challenge.GAME), given) and token is not None
        if right:
            self.proven = True
            self._guard.proven(self._address, server)
            return
        self._guard.failed(self._address, self._counted_as(server))
        known = "its token is wrong" if token is not None else "no such server is configured"
        sentence = (
            "The server's name or its token is wrong: compare both with gmkit's configuration."
        )
        raise Rejected("credentials", sentence, f"{server!r}: {known}.", self._limits.failure_delay)

    def _proof(self, greeting: Hello, label: str) -> str:
        token = self._token_of(greeting.server)
        return challenge.proof(
            self._nonce if token is None else token,
            label,
            greeting.server,
            greeting.nonce,
            self._nonce,
        )

    def _counted_as(self, server: str) -> str:
        """Names that do not exist are counted together: there is no end of them."""
        return server if self._token_of(server) is not None else ""
