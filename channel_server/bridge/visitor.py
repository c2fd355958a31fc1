"""A connection on its way in, whichever form it has, and the door where it knocks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Protocol

from .channel import GameChannel, Home, Message
from .handshake import Handshake, Rejected, farewell


class Door(Home, Protocol):
    """What a visitor needs of the port."""

    def handshake(self, address: str) -> Handshake:
        """A handshake for a peer at this address."""

    def secret(self) -> str:
        """A name that nobody can guess."""

    def arrived(self, visitor: Visitor) -> None:
        """Count a connection as a stranger's. Raises TooManyConnections."""

    def departed(self, visitor: Visitor) -> None:
        """Forget a connection that was counted."""

    def proven(self, visitor: Visitor) -> None:
        """The visitor has proven itself: admit it now, or as soon as its server is served."""

    def note(self, address: str, reason: str, sentence: str) -> None:
        """Log why somebody was sent away, once for a while."""

    def later(self, seconds: float, do: Callable[..., Any], *arguments: Any) -> Any:
        """Call later."""


class Visitor(ABC):
    """A peer that has not been admitted yet."""

    def __init__(self, door: Door, address: str) -> None:
        self.door = door
        self.address = address
        self.handshake = door.handshake(address)
        self.since = door.now()
        self.over = False
        """Whether nothing this peer says matters any more."""

    def knock(self, message: Message) -> None:
        """The next message of the handshake."""
        try:
            answer = self.handshake.receive(message)
        except Rejected as fault:
            self.reject(fault)
            return
        if answer is not None:
            self.answer(answer)
        else:
            self.since = self.door.now()
            self.door.proven(self)

    def reject(self, fault: Rejected) -> None:
        """Send the peer away with a reason, after the delay that the fault asks for."""
        if self.over:
            return
        self.over = True
        self.door.note(self.address, fault.reason, fault.log)
        bye = farewell(fault)
        if fault.delay:
            self.door.later(fault.delay, self.hang_up, bye)
        else:
            self.hang_up(bye)

    @abstractmethod
    def answer(self, message: Message) -> None:
        """Send one message of the handshake."""

    @abstractmethod
    def admit(self, acked: int) -> GameChannel:
        """Welcome the game."""

    @abstractmethod
    def hang_up(self, message: Message) -> None:
        """Send a last message and close."""
