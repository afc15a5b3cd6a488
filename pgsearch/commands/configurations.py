"""`pgsearch configurations`: what was tuned, which of it is in use, and the way back."""

from __future__ import annotations

import argparse
import dataclasses

from pgsearch.client import Client
from pgsearch.commands._output import say, say_json, say_table
from pgsearch.database.dsn import default_dsn
from pgsearch.errors import InvalidValueError

SUMMARY = "list, show, activate and roll back search configurations"
EXAMPLE = """
pgsearch configurations list
pgsearch configurations show wiki-july
pgsearch configurations activate wiki-july
pgsearch configurations rollback wiki
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=("list", "show", "activate", "rollback"))
    parser.add_argument("name", nargs="?", help="the configuration; for rollback, the collection")
    parser.add_argument("--collection", help="activate for this collection (default: the one it was made for)")


def run(arguments: argparse.Namespace) -> int:
    if arguments.action != "list" and not arguments.name:
        raise InvalidValueError(
            f"{arguments.action} needs a name.", hint="pgsearch configurations list shows what there is."
        )
    with Client(arguments.dsn or default_dsn()) as client:
        if arguments.action == "activate":
            activation = client.activate_configuration(arguments.name, collection=arguments.collection)
            return _tell(
                arguments, {"activated": arguments.name, "activation": activation}, f"{arguments.name} is in use."
            )
        if arguments.action == "rollback":
            undone = client.roll_back_configuration(arguments.name)
            return _tell(
                arguments,
                {"rolled_back": undone, "collection": arguments.name},
                f"{undone} is no longer in use in {arguments.name}; its settings are those from before.",
            )
        found = [dataclasses.asdict(row) for row in client.list_configurations()]
    if arguments.action == "show":
        found = [each for each in found if each["configuration"] == arguments.name]
        if not found:
            raise InvalidValueError(
                f"There is no configuration {arguments.name!r}.",
                hint="pgsearch configurations list shows what there is.",
            )
        say_json(found[0])
    elif arguments.json:
        say_json(found)
    else:
        say_table(
            ["configuration", "collection", "in use", "nDCG@10 before", "tuned", "recommended", "made"],
            [
                [
                    each["configuration"],
                    each["collection"],
                    "yes" if each["in_use"] else "",
                    _number(each["metrics"].get("in_force")),
                    _number(each["metrics"].get("tuned")),
                    {True: "yes", False: "no"}.get(each["metrics"].get("recommended"), ""),
                    f"{each['created_at']:%Y-%m-%d %H:%M}",
                ]
                for each in found
            ],
        )
    return 0


def _tell(arguments: argparse.Namespace, answer: dict[str, object], line: str) -> int:
    if arguments.json:
        say_json(answer)
    else:
        say(line)
    return 0


def _number(value: object) -> str:
    return f"{value:.4f}" if isinstance(value, float) else ""
