"""What ``gmkit doctor`` looks at: the plugins that are on, and what roles allow."""

from __future__ import annotations

from collections.abc import Iterator

from gmkit import discovery
from gmkit.config import Config
from gmkit.config_check import check_roles
from gmkit.errors import GMError
from gmkit.i18n import N_
from gmkit.options import BadOption
from gmkit.permissions import BUILT_IN

from .common import _
from .finding import Finding, fault, good


def plugins(config: Config) -> Iterator[Finding]:
    """Every plugin loads and takes its options; every role's patterns fit some permission."""
    from gmkit.channel_server.declared import Recorder
    from gmkit.channel_server.dispatch.catalogue import load_commands

    known = {command.permission for command in load_commands()} | {*BUILT_IN}
    for name, options in config.plugins.items():
        try:
            commands = Recorder(discovery.load("plugins", name), options).commands
        except BadOption as bad:
            key = ("plugins", name, bad.facts["key"])
            yield Finding(False, config.fault(key, bad.facts["problem"]).sentence(_))
        except GMError as wrong:
            yield Finding(False, config.fault(("plugins", name), wrong).sentence(_))
        except Exception as wrong:  # noqa: BLE001 - a plugin's fault is what is looked for
            problem = f"{type(wrong).__name__}: {wrong}"
            yield fault(N_("The plugin {name} fails: {problem}"), name=name, problem=problem)
        else:
            known |= {command.permission for command in commands}
            yield good(N_("The plugin {name} takes its options."), name=name)
    try:
        check_roles(config, known)
    except GMError as wrong:
        yield Finding(False, wrong.sentence(_))
