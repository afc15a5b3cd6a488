"""Whole routes of FastAPI, Flask and Starlette applications; none of them needs to be installed."""

from __future__ import annotations

from collections.abc import Mapping

from pgsearch.code.nodes import Node, code_nodes
from pgsearch.code.python_symbols import read_module


def routes(files: Mapping[str, str]) -> dict[str, str]:
    """`METHOD path` with the handler of each."""
    return {
        f"{node['metadata']['method']} {node['metadata']['route']}": node["metadata"]["handler"]
        for node in nodes(files)
        if node["node_type"] == "route"
    }


def nodes(files: Mapping[str, str]) -> list[Node]:
    facts = [read_module(path, source) for path, source in files.items()]
    return list(code_nodes(facts, dict.fromkeys(files, "hash")))


FASTAPI = {
    "app/main.py": """
from fastapi import FastAPI
from app.api import search, users as user_routes
from .config import PREFIX
app = FastAPI()
app.include_router(search.router, prefix="/api")
for one in (user_routes.router,):
    app.include_router(one, prefix=f"{PREFIX}/v1")

@app.get("/health")
async def health(): ...
""",
    "app/config.py": "PREFIX = '/x'\n",
    "app/api/__init__.py": "",
    "app/api/search.py": '''
from fastapi import APIRouter
BASE = "/search"
router = APIRouter(prefix=BASE, tags=["search"])

@router.post("")
async def search_endpoint(query: str):
    """Search all documents."""
    return run(query)

@router.api_route("/{id}", methods=["GET", "DELETE"])
def one(id: int): ...

@router.websocket("/live")
async def live(socket): ...

@cache.get("key")
def no_route(): ...
''',
    "app/api/users.py": """
from fastapi import APIRouter
inner = APIRouter(prefix="/me")
router = APIRouter(prefix="/users")
@inner.get("/mail")
def mail(): ...
router.include_router(inner)
router.add_api_route("/all", mail, methods=["PUT"])
""",
}


def test_prefixes_of_fastapi_are_joined_across_files() -> None:
    assert routes(FASTAPI) == {
        "GET /health": "app/main.py::health",
        "POST /api/search": "app/api/search.py::search_endpoint",
        "GET /api/search/{id}": "app/api/search.py::one",
        "DELETE /api/search/{id}": "app/api/search.py::one",
        "WEBSOCKET /api/search/live": "app/api/search.py::live",
        "GET /{PREFIX}/v1/users/me/mail": "app/api/users.py::mail",
        "PUT /{PREFIX}/v1/users/all": "app/api/users.py::mail",
    }


def test_blueprints_of_flask_take_the_prefix_of_their_registration() -> None:
    files = {
        "shop/__init__.py": """
from flask import Flask
def create_app():
    app = Flask(__name__)
    from . import cart
    from .cart import admin
    app.register_blueprint(cart.bp)
    app.register_blueprint(admin, url_prefix="/manage")
    @app.route("/ping")
    def ping(): ...
    return app
""",
        "shop/cart.py": """
from flask import Blueprint
from flask.views import MethodView
bp = Blueprint("cart", __name__, url_prefix="/cart")
admin = Blueprint("admin", __name__, url_prefix="/admin")
@bp.route("/items", methods=("GET", "POST"))
def items(): ...
@admin.post("/clear")
def clear(): ...
class Item(MethodView):
    def get(self, id): ...
    def delete(self, id): ...
bp.add_url_rule("/items/<int:id>", view_func=Item.as_view("item"))
""",
    }

    assert routes(files) == {
        "GET /ping": "shop/__init__.py::create_app.ping",
        "GET /cart/items": "shop/cart.py::items",
        "POST /cart/items": "shop/cart.py::items",
        "POST /manage/clear": "shop/cart.py::clear",
        "GET /cart/items/<int:id>": "shop/cart.py::Item",
        "DELETE /cart/items/<int:id>": "shop/cart.py::Item",
    }


def test_route_lists_and_mounts_of_starlette_are_joined() -> None:
    files = {
        "web.py": """
from starlette.applications import Starlette
from starlette.routing import Mount, Route, WebSocketRoute
import pages
admin = [Route("/users", pages.users, methods=["GET", "POST"])]
app = Starlette(routes=[
    Route("/", endpoint=pages.home),
    Mount("/admin", routes=admin),
    Mount("/static", app=StaticFiles(directory="static")),
    Mount("/v2", routes=[Route("/thing/{id}", pages.Thing), Mount("/deep", app=pages.sub)]),
    WebSocketRoute("/ws", pages.socket),
])
""",
        "pages.py": """
from starlette.applications import Starlette
async def home(request):
    'The first page.'
async def users(request): ...
async def socket(ws): ...
class Thing(HTTPEndpoint):
    async def get(self, request): ...
    async def patch(self, request): ...
sub = Starlette()
@sub.route("/down")
async def down(request): ...
""",
    }

    assert routes(files) == {
        "GET /": "pages.py::home",
        "GET /admin/users": "pages.py::users",
        "POST /admin/users": "pages.py::users",
        "GET /v2/thing/{id}": "pages.py::Thing",
        "PATCH /v2/thing/{id}": "pages.py::Thing",
        "GET /v2/deep/down": "pages.py::down",
        "WEBSOCKET /ws": "pages.py::socket",
    }


def test_routers_that_include_each_other_end() -> None:
    source = """
a = APIRouter(prefix="/a")
b = APIRouter(prefix="/b")
a.include_router(b)
b.include_router(a)
@a.get("/x")
def x(): ...
"""
    found = routes({"circle.py": source})

    assert found
    assert all(route.endswith("/a/x") for route in found)


def test_a_route_is_summed_up_with_method_path_handler_and_docstring() -> None:
    (node,) = [node for node in nodes(FASTAPI) if node["node_id"].startswith("POST")]

    assert str(node["summary"]).startswith(
        "POST /api/search route handled by search_endpoint in app/api/search.py: Search all documents."
    )
    assert node["metadata"]["qualified_name"] == "app.api.search.search_endpoint"


def test_handlers_and_routes_matter_by_the_rule_of_importance() -> None:
    scores = {node["node_id"]: node["metadata"]["importance_score"] for node in nodes(FASTAPI)}

    # public .3, API handler .4, docstring .1, API file .1
    assert scores["app/api/search.py::search_endpoint"] == 0.9
    assert scores["app/api/search.py::one"] == 0.8
    assert scores["app/config.py"] == 0.3
    assert scores["GET /health app/main.py::health"] == 0.8
