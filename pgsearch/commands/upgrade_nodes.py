"""`pgsearch upgrade-nodes`: summaries by a language model for the most searched nodes."""

from __future__ import annotations

import argparse

from pgsearch.client import Client
from pgsearch.client.registered import registered_embedder
from pgsearch.code.indexing import Progress, embed_nodes, usual_model
from pgsearch.code.upgrading import PRICE, TOP, Plan, plan_upgrade, upgrade_nodes
from pgsearch.commands._output import note, progress_bar, say, say_json, say_table
from pgsearch.database.dsn import default_dsn
from pgsearch.embedding.registering import register_by_vector
from pgsearch.errors import InvalidValueError
from pgsearch.models.http_endpoint import Endpoint

SUMMARY = "give the most searched nodes of a repository summaries by a language model"
EXAMPLE = """
pgsearch upgrade-nodes --collection myproject --top 50 --dry-run
pgsearch upgrade-nodes --collection myproject --chat-url http://localhost:8000/v1 --chat-model qwen2.5-coder
pgsearch upgrade-nodes --collection myproject --chat-url https://api.openai.com/v1 --chat-model gpt-4o-mini \\
    --chat-key-variable OPENAI_API_KEY --model text-embedding-3-large
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--collection", required=True, metavar="NAME", help="collection of the repository")
    parser.add_argument("--top", type=int, default=TOP, metavar="N", help=f"most searched nodes (default: {TOP})")
    parser.add_argument("--dry-run", action="store_true", help="show the nodes, tokens and cost; ask and store nothing")
    parser.add_argument("--chat-url", metavar="URL", help="base URL of an OpenAI-compatible API, ending with /v1")
    parser.add_argument("--chat-model", metavar="NAME", help="chat model that writes the summaries")
    parser.add_argument("--chat-key-variable", metavar="NAME", help="environment variable that holds the API key")
    parser.add_argument(
        "--model", metavar="NAME", help="embedding model whose rows get the summaries (default: that of the nodes)"
    )
    parser.add_argument("--attempts", type=int, default=4, metavar="N", help="attempts a request (default: 4)")
    parser.add_argument(
        "--input-price", type=float, default=PRICE, metavar="USD", help=f"for 1,000 tokens sent (default: {PRICE})"
    )
    parser.add_argument(
        "--output-price", type=float, default=PRICE, metavar="USD", help=f"for 1,000 tokens made (default: {PRICE})"
    )


def run(arguments: argparse.Namespace) -> int:
    """Exit code 1 when a node could not be summed up."""
    if not arguments.dry_run and not (arguments.chat_url and arguments.chat_model):
        raise InvalidValueError(
            "It is not said who shall write the summaries.", hint="Give --chat-url and --chat-model, or --dry-run."
        )
    if arguments.attempts < 1:
        raise InvalidValueError("A request needs at least one attempt.", hint="Give --attempts 4.")
    if arguments.top < 1:
        raise InvalidValueError(f"--top {arguments.top} chooses no node.", hint="Give 1 or more, such as --top 50.")
    with Client(arguments.dsn or default_dsn()) as client:
        collection = arguments.collection
        model = arguments.model if arguments.model is not None else usual_model(client, collection)
        prices = {"input_price": arguments.input_price, "output_price": arguments.output_price}
        plan = plan_upgrade(client, collection, model=model, top=arguments.top, **prices)
        if not plan.nodes:
            note(f"{collection} has no nodes: index a repository into it with `pgsearch index-code`")
        if arguments.dry_run:
            _say_plan(plan, as_json=arguments.json)
            return 0
        embedder, _ = registered_embedder(client.run, model or None)
        if embedder is not None:
            register_by_vector(client, model, embedder)
        endpoint = Endpoint(arguments.chat_url, key_variable=arguments.chat_key_variable, attempts=arguments.attempts)
        embedded = 0
        try:
            with progress_bar() as bar:
                task = bar.add_task("summing up", total=len(plan.candidates))
                report = upgrade_nodes(
                    client,
                    collection,
                    endpoint,
                    arguments.chat_model,
                    model=model,
                    top=arguments.top,
                    progress=lambda done, total: bar.update(task, completed=done, total=total),
                    **prices,
                )
                if embedder is not None:
                    embedding = bar.add_task("embedding nodes", total=None)

                    def embedded_so_far(now: Progress) -> None:
                        bar.update(embedding, completed=now.done)

                    embedded = embed_nodes(client, collection, model, embedder, progress=embedded_so_far)
        finally:
            endpoint.close()

    for node_id, reason in report.failures.items():
        note(f"{node_id}: {reason}")
    if arguments.json:
        say_json({"collection": collection, "model": model, "report": report, "nodes_embedded": embedded})
    else:
        say(
            f"{collection}: {report.upgraded:,} nodes summed up by {arguments.chat_model}, {report.standing:,} stood"
            f" already, {len(report.failures):,} failed; {report.input_tokens + report.output_tokens:,} tokens,"
            f" ${report.cost:.4f}"
        )
        if model and embedder is None and report.upgraded:
            note(f"the new summaries wait for vectors of {model}: its embedder is not known here")
    return 1 if report.failures else 0


def _say_plan(plan: Plan, *, as_json: bool) -> None:
    if as_json:
        say_json(
            {
                **{name: getattr(plan, name) for name in plan.__slots__},
                "candidates": [c._asdict() for c in plan.candidates],
            }
        )
        return
    say_table(
        ("node", "type", "searches", "importance", "tokens"),
        [
            (one.node_id, one.node_type, f"{one.query_count:g}", f"{one.importance:.2f}", one.tokens)
            for one in plan.candidates
        ],
    )
    say(
        f"{plan.collection}: {len(plan.candidates):,} of {plan.nodes:,} nodes to sum up, {plan.standing:,} stand;"
        f" about {plan.input_tokens:,} tokens to send and {plan.output_tokens:,} to receive: ${plan.cost:.4f}"
    )
    say(f"all nodes would cost about ${plan.cost_of_all:.2f}: {plan.saved:.1%} of them need no language model")
