"""The desk: tickets, queue, deliveries and staff as the pure fold of the log.

``decide(request, now)`` answers with events or a refusal and changes nothing; ``apply(event)``
changes the state and never fails. No I/O, no clock of its own.
"""

from .desk import Desk
from .rules import Rules
from .ticket import Delivery, Ticket

__all__ = ["Delivery", "Desk", "Rules", "Ticket"]
