"""A ticket that nobody answers for some minutes: the GMs on duty are alerted once, and the player
is told honestly that it is not forgotten."""

from gmkit.plugin import GM, N_, BadOption, TicketView, requests

ALERT = N_("{player} has been waiting for {minutes} min.")
WAITING = N_("You have been waiting for {minutes} min. Your ticket #{ticket} is not forgotten.")
NOBODY = N_(
    "You have been waiting for {minutes} min. No GM is on duty now; ticket #{ticket} is kept and "
    "will be answered."
)


def setup(gm: GM) -> None:
    minutes = gm.option("minutes", 10.0, "Minutes without an answer before anybody is alerted.")
    if minutes <= 0:
        raise BadOption(key="minutes", problem="must be more than 0.")
    tell_player = gm.option("tell_player", True, "Whether the player is told, too.")

    async def alert(ticket: TicketView) -> None:
        facts = {"ticket": ticket.number, "minutes": _minutes(ticket, gm.now())}
        text = gm.say(ALERT, None, player=ticket.name, **facts)
        if not await gm.do(requests.Alert(ticket.number, "stale", text)) or not tell_player:
            return
        line = gm.say(WAITING if gm.desk.on_duty() else NOBODY, ticket.locale, **facts)
        await gm.do(requests.Tell(None, ticket.server, ticket.player, line, ticket.number))

    @gm.every(15.0)
    async def look() -> None:
        before = gm.now() - minutes * 60
        waiting = [t for t in gm.desk.open_tickets() if t.waiting_since is not None]
        for ticket in waiting:
            if (ticket.waiting_since or 0.0) < before and "stale" not in ticket.alerts:
                await alert(ticket)


def _minutes(ticket: TicketView, now: float) -> int:
    return max(1, int((now - (ticket.waiting_since or now)) // 60))
