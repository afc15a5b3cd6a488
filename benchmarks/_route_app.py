"""A small web shop in FastAPI and Flask, written out as files, because the standard library has no routes.

As in real applications the prefix of a router stands once at its top, so that no handler says its whole path; services
and schemas use the same words as the handlers.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple


class Route(NamedTuple):
    """A route of the shop, and where its handler is defined."""

    method: str
    path: str
    handler: str
    words: str
    file: str


# resource: (framework, prefix, [(method, rest of the path, handler, what it does)])
_RESOURCES = {
    "orders": (
        "fastapi",
        "/api/v1/orders",
        [
            ("POST", "", "place_order", "Place an order from the contents of the basket."),
            ("GET", "", "list_orders", "List the orders of the customer, newest first."),
            ("GET", "/{order_id}", "read_order", "Show one order with its lines."),
            ("POST", "/{order_id}/cancel", "cancel_order", "Cancel an order that was not sent yet."),
            ("POST", "/{order_id}/refund", "refund_order", "Give the money back and restock the goods."),
            ("GET", "/{order_id}/invoice", "download_invoice", "Render the invoice as PDF."),
        ],
    ),
    "users": (
        "fastapi",
        "/api/v1/users",
        [
            ("POST", "", "register_user", "Create an account and send the welcome mail."),
            ("GET", "/me", "current_user", "Show the account that is signed in."),
            ("PATCH", "/me", "update_profile", "Change name, language or time zone."),
            ("DELETE", "/me", "close_account", "Erase the account and its personal data."),
            ("POST", "/me/avatar", "upload_avatar", "Store a picture and make thumbnails."),
            ("GET", "/{user_id}/reviews", "reviews_of_user", "List what a user wrote about products."),
        ],
    ),
    "sessions": (
        "flask",
        "/auth",
        [
            ("POST", "/login", "sign_in", "Check the password and start a session."),
            ("POST", "/logout", "sign_out", "End the session."),
            (
                "POST",
                "/password/reset",
                "request_password_reset",
                "Mail a link that lets the user choose a new password.",
            ),
            ("POST", "/password/<token>", "choose_new_password", "Accept a new password for a token."),
            ("POST", "/refresh", "refresh_token", "Exchange a refresh token for an access token."),
        ],
    ),
    "products": (
        "fastapi",
        "/api/v1/products",
        [
            ("GET", "/search", "search_products", "Find products by words, category and price."),
            ("GET", "/{sku}", "read_product", "Show a product with its stock."),
            ("PUT", "/{sku}", "replace_product", "Replace the description of a product."),
            ("POST", "/{sku}/images", "add_product_image", "Attach a picture."),
            ("GET", "/{sku}/recommendations", "similar_products", "Products that others bought with it."),
            ("POST", "/{sku}/reviews", "write_review", "Rate a product and say why."),
        ],
    ),
    "basket": (
        "flask",
        "/basket",
        [
            ("GET", "/", "show_basket", "Contents and total of the basket."),
            ("POST", "/items", "add_item", "Put a product into the basket."),
            ("DELETE", "/items/<int:item_id>", "remove_item", "Take a product out of the basket."),
            ("POST", "/voucher", "apply_voucher", "Reduce the total by a voucher."),
        ],
    ),
    "shipping": (
        "fastapi",
        "/api/v1/shipments",
        [
            ("GET", "/{shipment_id}/tracking", "track_shipment", "Where the parcel is."),
            ("POST", "/{shipment_id}/label", "print_label", "Buy and print a label of the carrier."),
            ("GET", "/rates", "shipping_rates", "Prices of the carriers for a basket and an address."),
            ("POST", "/webhooks/carrier", "carrier_webhook", "Accept news of a carrier."),
        ],
    ),
    "payments": (
        "flask",
        "/payments",
        [
            ("POST", "/intents", "create_payment_intent", "Ask the provider for a payment."),
            ("POST", "/webhooks/provider", "provider_webhook", "Accept what the provider says of a payment."),
            ("GET", "/methods", "list_payment_methods", "Stored cards and accounts of the customer."),
            ("DELETE", "/methods/<int:method_id>", "forget_payment_method", "Delete a stored card."),
        ],
    ),
    "admin": (
        "fastapi",
        "/admin",
        [
            ("GET", "/metrics", "sales_metrics", "Sales and visitors of a day."),
            ("POST", "/reindex", "start_reindex", "Build the search index anew."),
            ("GET", "/audit", "audit_log", "Who changed what."),
            ("POST", "/users/{user_id}/ban", "ban_user", "Lock an account out."),
            ("GET", "/health", "health_check", "Whether database and cache answer."),
        ],
    ),
}


def write_shop(root: Path) -> list[Route]:
    """Write the files below `root`; returns the routes, in the order in which they stand there."""
    routes: list[Route] = []
    for resource, (framework, prefix, handlers) in _RESOURCES.items():
        file = f"shop/api/{resource}.py"
        lines = list(_head(resource, framework, prefix))
        for method, rest, handler, says in handlers:
            lines += _handler(resource, framework, method, rest, handler, says)
            path = (prefix + rest).rstrip("/") or "/"
            routes.append(Route(method, path, handler, handler.replace("_", " "), file))
        _write(root / file, lines)
        _write(root / f"shop/services/{resource}.py", _service(resource, handlers))
    _write(root / "shop/main.py", _main())
    return routes


def _head(resource: str, framework: str, prefix: str) -> Iterator[str]:
    yield f'"""Routes of {resource}."""'
    yield ""
    if framework == "fastapi":
        yield "from fastapi import APIRouter, Depends"
        yield f"from shop.services import {resource}"
        yield ""
        yield f'router = APIRouter(prefix="{prefix}", tags=["{resource}"])'
    else:
        yield "from flask import Blueprint, jsonify, request"
        yield f"from shop.services import {resource}"
        yield ""
        yield f'blueprint = Blueprint("{resource}", __name__, url_prefix="{prefix}")'


def _handler(resource: str, framework: str, method: str, rest: str, handler: str, says: str) -> list[str]:
    if framework == "fastapi":
        names = [part.strip("{}") for part in rest.split("/") if part.startswith("{")]
        return [
            "",
            "",
            f'@router.{method.lower()}("{rest}")',
            f"async def {handler}({', '.join([*(f'{name}: str' for name in names), 'session=Depends()'])}):",
            f'    """{says}"""',
            f"    result = await {resource}.run_{handler}({', '.join([*names, 'session'])})",
            "    return result.as_dict()",
        ]
    names = [part.strip("<>").rpartition(":")[2] for part in rest.split("/") if part.startswith("<")]
    return [
        "",
        "",
        f'@blueprint.route("{rest}", methods=["{method}"])',
        f"def {handler}({', '.join(names)}):",
        f'    """{says}"""',
        f"    return jsonify({resource}.run_{handler}({', '.join([*names, 'request.json'])}))",
    ]


def _service(resource: str, handlers: list[tuple[str, str, str, str]]) -> list[str]:
    lines = [f'"""What {resource} do, apart from HTTP."""', "", "from shop import storage"]
    for _, _, handler, says in handlers:
        lines += [
            "",
            "",
            f"def run_{handler}(*arguments):",
            f'    """{says} Runs in one transaction."""',
            "    with storage.transaction() as connection:",
            f'        return connection.call("{handler}", arguments)',
        ]
    return lines


def _main() -> list[str]:
    lines = ['"""The application: every router is put together here."""', "", "from fastapi import FastAPI", ""]
    lines += [f"from shop.api import {resource}" for resource in _RESOURCES]
    lines += ["", "app = FastAPI()"]
    lines += [
        f"app.include_router({resource}.router)" if framework == "fastapi" else f"app.mount_flask({resource}.blueprint)"
        for resource, (framework, _, _) in _RESOURCES.items()
    ]
    return lines


def _write(path: Path, lines: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
