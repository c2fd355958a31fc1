"""The web site around the bridge's one endpoint: its paths, and bounds on connections and bodies."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from twisted.web.pages import notFound
from twisted.web.resource import IResource, Resource
from twisted.web.server import Request, Site

from gmkit.wire.frames import MAX_FRAME

from .guard import Guard, TooManyConnections
from .http import Poll
from .visitor import Door

CONNECTIONS = 3
"""HTTP connections borne for each session: one waits, one sends, one is closing."""
BODIES = 64 << 20
"""Bytes of bodies that have not come to their end, of all connections together."""


class Folder(Resource):
    """A place of the site where there is nothing but what was put there."""

    def getChild(self, path: bytes, request: Request) -> IResource:
        """What is not there."""
        return notFound(message="gmkit's bridge is at /bridge/1.")


class BoundedRequest(Request):
    """A request whose body is kept in memory and may not be longer than a frame.

    Nor may all those under way hold more than BODIES: nobody has proven anything yet.
    """

    _held = 0
    _refused = False

    def gotLength(self, length: int | None) -> None:
        """The length that the peer announces, None where it announces none."""
        self.content = io.BytesIO()
        self._left = MAX_FRAME
        if length is not None and length > MAX_FRAME:
            self._refuse(b"413 Content Too Large")

    def handleContentChunk(self, data: bytes) -> None:
        """A piece of the body."""
        self._left -= len(data)
        if self._refused:
            return
        if self._left < 0:
            self._refuse(b"413 Content Too Large")
        elif not self._site.hold(len(data)):
            self._refuse(b"503 Service Unavailable")
        else:
            self._held += len(data)
            super().handleContentChunk(data)

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        """The body is whole."""
        self._release()
        if not self._refused:
            super().requestReceived(command, path, version)

    def connectionLost(self, reason: Failure) -> None:
        """The peer is gone."""
        self._release()
        super().connectionLost(reason)

    @property
    def _site(self) -> BridgeSite:
        connection: Any = self.channel
        site: BridgeSite = connection.site
        return site

    def _release(self) -> None:
        held, self._held = self._held, 0
        if held:
            self._site.hold(-held)

    def _refuse(self, status: bytes) -> None:
        if not self._refused:
            self._refused = True
            self._release()
            connection: Any = self.channel
            connection.transport.write(
                b"HTTP/1.1 " + status + b"\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
            )
            connection.loseConnection()


class BridgeSite(Site):
    """The site; nothing is logged for every poll."""

    noisy = False

    def __init__(self, door: Door, root: Resource, **options: Any) -> None:
        super().__init__(root, BoundedRequest, parsePOSTFormSubmission=False, **options)
        self._door = door
        most = CONNECTIONS * door.limits.connections_per_address
        self._guard = Guard(replace(door.limits, connections_per_address=most), door.now)
        self._held = 0

    def hold(self, count: int) -> bool:
        """Whether so many bytes more of bodies may be kept; negative to give some back."""
        if self._held + count > BODIES:
            return False
        self._held += count
        return True

    def log(self, request: Any) -> None:
        """Say nothing."""

    def buildProtocol(self, addr: IAddress | None) -> Any:
        """A connection, unless there are too many from this address."""
        address = getattr(addr, "host", "unix")
        try:
            self._guard.opened(address)
        except TooManyConnections as fault:
            self._door.note(address, "busy", str(fault))
            return None
        connection = super().buildProtocol(addr)
        lost = connection.connectionLost

        def connectionLost(reason: Failure = connectionDone) -> None:
            self._guard.closed(address)
            lost(reason)

        connection.connectionLost = connectionLost
        return connection


def bridge_site(door: Door, reactor: Any) -> BridgeSite:
    """The site with the one endpoint."""
    root, bridge = Folder(), Folder()
    root.putChild(b"bridge", bridge)
    bridge.putChild(b"1", Poll(door))
    return BridgeSite(door, root, reactor=reactor, timeout=60.0)
