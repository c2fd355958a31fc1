"""setup.cfg tells the truth about the folders."""

from __future__ import annotations

from configparser import ConfigParser
from dataclasses import fields
from importlib import import_module
from pathlib import Path

import pytest

from gmkit import discovery
from gmkit.channel_server.dispatch.catalogue import load_commands
from gmkit.command import Command
from gmkit.config import Common

ROOT = Path(__file__).parents[2]


def setup_cfg() -> ConfigParser:
    cfg = ConfigParser()
    cfg.read(ROOT / "setup.cfg", "utf-8")
    return cfg


def test_setup_cfg_lists_every_package() -> None:
    options = setup_cfg()["options"]
    folders = dict(line.split(" = ") for line in options["package_dir"].strip().splitlines())
    on_disk = {
        ".".join((package, *init.parent.relative_to(ROOT / folder).parts))
        for package, folder in folders.items()
        for init in (ROOT / folder).rglob("__init__.py")
        if not {*init.relative_to(ROOT).parts[1:2]} & {f for f in folders.values() if f != "gmkit"}
    }
    assert on_disk == set(options["packages"].split())


@pytest.mark.parametrize("folder", ["adapters", "channel_server", "commands", "plugins"])
def test_the_links_for_tools_are_there(folder: str) -> None:
    link = ROOT / "gmkit" / folder
    assert link.resolve() == (ROOT / folder).resolve()


def declared(group: str) -> set[str]:
    lines = setup_cfg()["options.entry_points"][group].strip().splitlines()
    return {line.split(" = ")[0] for line in lines}


@pytest.mark.parametrize("kind", ["adapters", "commands", "plugins"])
def test_every_entry_point_loads(kind: str) -> None:
    for name in declared(f"gmkit.{kind}"):
        discovery.load(kind, name)


def test_every_command_is_offered() -> None:
    """A command in a file that no entry point leads to would be offered to nobody."""
    offered = {command.name for command in load_commands()}
    for path in (ROOT / "commands").glob("[!_]*.py"):
        module = import_module(f"gmkit.commands.{path.stem}")
        there = {value.name for value in vars(module).values() if isinstance(value, Command)}
        assert there <= offered, path


def test_every_plugin_has_its_entry_point() -> None:
    plugins = {p.stem for p in (ROOT / "plugins").rglob("*.py") if "\ndef setup(" in p.read_text()}
    assert plugins <= declared("gmkit.plugins")


@pytest.mark.parametrize("name", declared("gmkit.adapters"))
def test_no_option_of_an_adapter_hides_a_key_that_every_server_has(name: str) -> None:
    own = {field.name for field in fields(discovery.load("adapters", name).Options)}
    assert not own & {field.name for field in fields(Common)}
