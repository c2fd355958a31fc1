"""The protocols that the generator speaks, by name."""

from __future__ import annotations

from .bridge_dialect import GmkitDialect
from .dialect import Dialect
from .peers import JetStreamDialect, NgircdDialect, RedisDialect

DIALECTS: dict[str, type[Dialect]] = {
    "gmkit": GmkitDialect,
    "ngircd": NgircdDialect,
    "redis": RedisDialect,
    "jetstream": JetStreamDialect,
}
