"""What ``gmkit doctor`` looks at: the database and the accounts in it."""

from __future__ import annotations

from collections.abc import Iterator

from gmkit.config import Config
from gmkit.errors import GMError
from gmkit.i18n import N_

from .common import _
from .finding import Finding, fault, good


def database(config: Config) -> Iterator[Finding]:
    """The file: readable, of a version that we know, undamaged at a quick look."""
    import sqlite3

    from gmkit.log.connect import to_read

    if not config.database.exists():
        yield good(N_("There is no database yet; the daemon makes it."))
        return
    try:
        connection = to_read(str(config.database))
        try:
            told = [row[0] for row in connection.execute("PRAGMA quick_check(5)")]
        finally:
            connection.close()
    except (GMError, sqlite3.Error) as wrong:
        sentence = wrong.sentence(_) if isinstance(wrong, GMError) else f"{wrong}."
        yield fault(
            N_("{path}: {problem} Put a backup in its place, see docs/operations.md."),
            path=config.database,
            problem=sentence,
        )
        return
    if told == ["ok"]:
        yield good(N_("The database {path} is sound."), path=config.database)
    else:
        yield fault(
            N_(
                "The database {path} is damaged: {problem}. Put a backup in its place, see "
                "docs/operations.md."
            ),
            path=config.database,
            problem="; ".join(told),
        )


def accounts(config: Config) -> Iterator[Finding]:
    """Somebody must be able to log in, with a role that exists."""
    from gmkit.permissions import roles

    from .staff import staff

    if not config.database.exists():
        yield fault(N_("There is no GM account yet. Make one: gmkit gm add NAME --role admin"))
        return
    try:
        with staff(config.database) as team:
            active = [account for account in team.accounts() if not account.disabled]
    except GMError as wrong:
        yield Finding(False, wrong.sentence(_))
        return
    if not active:
        yield fault(N_("There is no GM account yet. Make one: gmkit gm add NAME --role admin"))
    known = {role.name for role in roles(config.roles)}
    for account in active:
        if account.role not in known:
            yield fault(
                N_(
                    "The role {role} of the GM account {name} does not exist. Mend: gmkit gm role "
                    "{name} ROLE, or add [roles.{role}]."
                ),
                role=account.role,
                name=account.name,
            )
