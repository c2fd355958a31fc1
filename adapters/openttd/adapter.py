"""OpenTTD: players speak in the game's chat, answers come back as private chat lines.

The protocol gives players no identity but the name, which no two clients of a server share at a
time. A player's id is therefore the name used when joining: it finds the player again at the next
login and stays when the player takes another name meanwhile. It also means that whoever joins
first under a name that is free is taken for its last bearer: see ``docs/adapters/openttd.md``.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from twisted.internet.endpoints import HostnameEndpoint, connectProtocol
from twisted.internet.error import ConnectError, DNSLookupError

from gmkit import __version__
from gmkit.adapter import Adapter, BadOption, Gone, Limits, Link, Player, option

from . import faults, wire
from .connection import Admin

TYPED = frozenset(wire.Action)
VEHICLES = ("trains", "lorries", "buses", "planes", "ships")


@dataclass(frozen=True)
class Options:
    """The keys of ``[[server]]`` for this adapter."""

    password: str = option(secret=True, help="admin_password of the server's secrets.cfg.")
    host: str = option("127.0.0.1", help="The server's host name or address.")
    port: int = option(3977, help="server_admin_port of the server's openttd.cfg.")
    admin_name: str = option("gmkit", help="What gmkit calls itself in the server's log.")

    def __post_init__(self) -> None:
        if not 1 <= self.port <= 65535:
            raise BadOption(key="port", problem="must be from 1 to 65535.")
        for key in ("password", "host", "admin_name"):
            if not getattr(self, key):
                raise BadOption(key=key, problem="must not be empty.")


@dataclass
class Client:
    """A connected player."""

    number: int
    address: str
    company: int
    player: Player


class OpenTTD(Adapter):
    """One dedicated server, over its admin port."""

    title = "OpenTTD"
    Options = Options
    limits = Limits(bytes=899)  # NETWORK_CHAT_LENGTH without its NUL

    _admin: Admin | None = None

    def __init__(self, options: Any, link: Link, reactor: Any) -> None:
        super().__init__(options, link, reactor)
        self._clients: dict[int, Client] = {}
        self._before: dict[int, Client] = {}
        self._banned: dict[str, str] = {}
        self._detail = ""

    async def run(self) -> None:
        admin = await self._connect()
        self._before, self._clients = self._clients, {}
        try:
            await admin.ask(
                wire.join(self.options.password, self.options.admin_name, __version__),
                wire.subscribe(wire.Update.CLIENTS),
                wire.poll(wire.Update.CLIENTS),
                wire.subscribe(wire.Update.CHAT),
            )
            self._admin = admin
            self.link.roster([client.player for client in self._clients.values()])
            self.link.up(self._detail)
            await admin.ended()
        finally:
            self._admin = None
            admin.close(faults.Away())

    async def tell(self, player: Player, text: str, delivery: str) -> None:
        client = self._client(player)
        await self._ask(wire.chat(wire.Action.CHAT_CLIENT, wire.Dest.CLIENT, client.number, text))
        if self._clients.get(client.number) is not client:
            raise Gone()  # left before the server came to the line

    async def announce(self, text: str) -> None:
        await self._ask(wire.chat(wire.Action.CHAT, wire.Dest.ALL, 0, text))

    async def who(self) -> list[Player]:
        await self._ask()
        return [client.player for client in self._clients.values()]

    async def lookup(self, player: Player) -> dict[str, Any]:
        client = self._client(player)
        facts: dict[str, Any] = {"address": client.address, **numbered(client.company)}
        for packet in await self._ask(
            wire.poll(wire.Update.COMPANIES, client.company),
            wire.poll(wire.Update.ECONOMY),
            wire.poll(wire.Update.STATS),
        ):
            if getattr(packet, "company", None) == client.company:
                facts |= company_facts(packet)
        return facts

    async def kick(self, player: Player, reason: str) -> None:
        client = self._client(player)
        await self._throw_out(client, f"kick {client.number} {wire.quoted(reason)}")

    async def ban(self, player: Player, seconds: float, reason: str) -> None:
        client = self._client(player)
        if seconds:
            raise faults.NoTimedBan()
        if self._admin and client.address == self._admin.transport.getHost().host:
            raise faults.SameAddress(name=player.name, address=client.address)
        await self._throw_out(client, f"ban {client.number} {wire.quoted(reason)}")
        self._banned[player.id] = client.address

    async def unban(self, player: Player) -> None:
        address = self._banned.get(player.id)
        if address is None:
            banned = ", ".join(line.strip() for line in (await self._rcon("banlist"))[1:])
            raise faults.NoAddress(name=player.name, banned=banned or "-")
        answer = await self._rcon(f"unban {wire.quoted(address)}")
        self._banned.pop(player.id, None)
        if not any(line.startswith("Unbanned") for line in answer):
            raise faults.NotDone(answer=" ".join(answer))

    # --- the connection -------------------------------------------------------------------------

    async def _connect(self) -> Admin:
        host, port = self.options.host, self.options.port
        admin = Admin(self.reactor, self._heard, self._late)
        try:
            endpoint = HostnameEndpoint(self.reactor, host, port, timeout=10)
            await connectProtocol(endpoint, admin)
        except (ConnectError, DNSLookupError, OSError, OverflowError, ValueError) as fault:
            # Twisted's own sentence says everything twice: "refused: 111: Connection refused".
            number = getattr(fault, "osError", None) or getattr(fault, "errno", None)
            why = os.strerror(number) if isinstance(number, int) and number > 0 else str(fault)
            raise faults.NoPort(host=host, port=port, why=why.rstrip(".")) from None
        return admin

    async def _ask(self, *packets: bytes) -> list[wire.Packet]:
        if not self._admin:
            raise faults.Away()
        return await self._admin.ask(*packets)

    async def _rcon(self, command: str) -> list[str]:
        answers = await self._ask(wire.rcon(command))
        return [packet.text for packet in answers if isinstance(packet, wire.Rcon)]

    async def _throw_out(self, client: Client, command: str) -> None:
        answer = await self._rcon(command)
        if client.number in self._clients:
            raise faults.NotDone(answer=" ".join(answer) or "-")

    def _late(self, seconds: float | None) -> None:
        if not self._admin:
            return  # still at login
        if seconds is None:
            self.link.up(self._detail)
        else:
            self.link.degraded(str(faults.Silent(seconds=round(seconds))))

    # --- what the server tells ------------------------------------------------------------------

    def _heard(self, packet: wire.Packet) -> None:
        match packet:
            case wire.Chat(action, _, number, text) if action in TYPED:
                if number in self._clients:
                    self.link.said(self._clients[number].player, text)
            case wire.ClientInfo(number) if number != wire.SERVER_CLIENT:
                self._clients[number] = self._met(packet)
            case wire.ClientJoin(number) if number in self._clients:
                self.link.joined(self._clients[number].player)
            case wire.ClientUpdate(number, name, company) if number in self._clients:
                self._changed(self._clients[number], name, company)
            case wire.ClientGone(number) if number in self._clients:
                self.link.left(self._clients.pop(number).player.id)
            case wire.Welcome(name, version):
                self._detail = f"{name}, OpenTTD {version}"

    def _met(self, info: wire.ClientInfo) -> Client:
        """The client behind this information, with the id it had before if it is the same."""
        old = self._clients.get(info.client) or self._before.get(info.client)
        if old and (old.address, old.player.name) == (info.address, info.name):
            old.company = info.company
            return old
        taken = {client.player.id for client in self._clients.values()}
        # Somebody joined under this name and goes by another one now.
        identity = f"{info.name}#{info.client}" if info.name in taken else info.name
        player = Player(identity, info.name)
        return Client(info.client, info.address, info.company, player)

    def _changed(self, client: Client, name: str, company: int) -> None:
        if name != client.player.name:
            client.player = client.player._replace(name=name)
            self.link.renamed(client.player)
        if company != client.company:
            client.company = company
            self.link.data(client.player.id, numbered(company))

    def _client(self, player: Player) -> Client:
        for client in self._clients.values():
            if client.player.id == player.id:
                return client
        raise Gone()


def numbered(company: int) -> dict[str, Any]:
    """A company by the number players see; None for spectators."""
    return {"company_number": company + 1 if company < wire.MAX_COMPANIES else None}


def company_facts(packet: wire.Packet) -> dict[str, Any]:
    """What one answer says about its company. Money is in the game's base currency, pounds."""
    match packet:
        case wire.CompanyInfo(_, name, manager, founded):
            return {"company": name, "manager": manager, "founded": founded}
        case wire.Economy():
            return {key: value for key, value in packet._asdict().items() if key != "company"}
        case wire.Stats(_, vehicles, stations):
            return {
                "vehicles": dict(zip(VEHICLES, vehicles, strict=True)),
                "stations": dict(zip(VEHICLES, stations, strict=True)),
            }
    return {}
