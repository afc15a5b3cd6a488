"""Whole routes of applications, by the frameworks that people use; none of them needs to be installed."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from pgsearch.code.definitions import read_definitions
from pgsearch.code.nodes import Node, code_nodes
from pgsearch.code.python_symbols import read_module
from pgsearch.code.repository import language_of


def routes(files: Mapping[str, str]) -> dict[str, str]:
    """`METHOD path` with the handler of each."""
    return {
        f"{node['metadata']['method']} {node['metadata']['route']}": node["metadata"]["handler"]
        for node in nodes(files)
        if node["node_type"] == "route"
    }


def nodes(files: Mapping[str, str]) -> list[Node]:
    facts = [
        read_module(path, source) if path.endswith(".py") else read_definitions(path, language_of(path) or "", source)
        for path, source in files.items()
    ]
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
        "GET /x/v1/users/me/mail": "app/api/users.py::mail",
        "PUT /x/v1/users/all": "app/api/users.py::mail",
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


def test_prefixes_are_filled_in_as_far_as_some_file_says_them() -> None:
    files = {
        "app/main.py": """
from fastapi import FastAPI
from app.config import get_settings, settings
from app.made import make
app = FastAPI()
app.include_router(make(), prefix="/v3")
app.include_router(make(), prefix=settings.API_V1)
app.include_router(make(), prefix=f"{get_settings().BASE}/v2")
app.include_router(make(), prefix=settings.FROM_ELSEWHERE)
""",
        "app/config.py": """
import os
from pydantic_settings import BaseSettings
class Base(BaseSettings):
    BASE: str = "/base"
class Settings(Base):
    API_V1: str = Field(default="/api/v1")
    FROM_ELSEWHERE: str
settings = Settings()
def get_settings() -> Settings:
    return Settings()
""",
        "app/made.py": """
from fastapi import APIRouter
def make():
    router = APIRouter(prefix="/made")
    @router.get("/{id}")
    def one(id): ...
    return router
""",
    }

    assert set(routes(files)) == {
        "GET /v3/made/{id}",
        "GET /api/v1/made/{id}",
        "GET /base/v2/made/{id}",
        "GET /{settings.FROM_ELSEWHERE}/made/{id}",
    }


def test_urls_of_django_are_joined_through_their_includes() -> None:
    files = {
        "site/urls.py": """
from django.urls import include, path, re_path
from rest_framework.routers import DefaultRouter
from polls.views import Users
router = DefaultRouter()
router.register("users", Users)
urlpatterns = [
    path("admin/", admin.site.urls),
    path("polls/", include("polls.urls")),
    path("api/", include(router.urls)),
    path("v2/", include(([path("x/", login_required(views.x))], "v2"))),
]
urlpatterns += [re_path(r"^old/(?P<year>[0-9]{4})/$", Old.as_view())]
""",
        "polls/urls.py": """
from django.urls import path
from . import views
app_name = "polls"
urlpatterns = [
    path("", views.index, name="index"),
    path("<int:pk>/", views.Detail.as_view()),
    path("items/", views.Items.as_view()),
]
""",
        "polls/views.py": """
def index(request):
    \"\"\"All polls.\"\"\"
class Detail(View):
    def get(self, request): ...
    def post(self, request): ...
class Items(generics.ListCreateAPIView): ...
class Users(viewsets.ReadOnlyModelViewSet): ...
""",
    }

    assert routes(files) == {
        "GET /polls/": "polls/views.py::index",
        "GET /polls/<int:pk>/": "polls/views.py::Detail",
        "POST /polls/<int:pk>/": "polls/views.py::Detail",
        "GET /polls/items/": "polls/views.py::Items",
        "POST /polls/items/": "polls/views.py::Items",
        "GET /api/users/": "polls/views.py::Users",
        "GET /api/users/{pk}/": "polls/views.py::Users",
        "GET /v2/x/": "site/urls.py::views.x",
        "GET /old/{year}/": "site/urls.py::Old",
    }


def test_views_of_django_answer_the_methods_that_they_say() -> None:
    views = {
        "safe": "@require_safe\ndef safe(request): ...",
        "add": "@login_required\n@require_POST\nasync def add(request): ...",
        "both": "@require_http_methods(('GET', 'PUT'))\ndef both(request): ...",
        "api": "@api_view(http_method_names=['DELETE'])\ndef api(request, pk): ...",
        "form": "def form(request):\n    if request.method == 'POST':\n        return 1\n    return 2",
        "within": "def within(request):\n    if request.method in ['PUT', 'PATCH']:\n        return 1",
        "match": "def match(request):\n    match request.method:\n        case 'POST' | 'PUT': return 1",
        "only": "def only(request):\n    if request.method != 'POST':\n        return HttpResponseNotAllowed(['POST'])",
        "plain": "def plain(request):\n    return other.method == 'POST'",
        "Some": "class Some(View):\n    http_method_names = ['post', 'options']\n    def get(self, request): ...",
        "Users": """class Users(ModelViewSet):
    @action(detail=True, methods=['post', 'delete'])
    def lock(self, request, pk=None): ...
    @action(detail=False, url_path='as-file')
    def as_file(self, request): ...
""",
    }
    paths = [
        f"path('{name}/', views.{name}{'.as_view()' if name == 'Some' else ''})," for name in views if name != "Users"
    ]
    files = {
        "site/urls.py": f"""
from site import views
from rest_framework.routers import DefaultRouter
router = DefaultRouter()
router.register("users", views.Users)
urlpatterns = [
    {" ".join(paths)}
    path("wrapped/", require_POST(views.plain)),
    path("set/", views.Users.as_view({{"get": "list", "put": "update"}})),
]
""",
        "site/views.py": "\n".join(views.values()),
        "site/__init__.py": "",
    }
    found = routes(files)
    told: dict[str, set[str]] = {}
    for one in found:
        method, _, path = one.partition(" ")
        told.setdefault(path.strip("/"), set()).add(method)

    assert {path: methods for path, methods in told.items() if path not in ("users", "users/{pk}")} == {
        "safe": {"GET", "HEAD"},
        "add": {"POST"},
        "both": {"GET", "PUT"},
        "api": {"DELETE"},
        "form": {"GET", "POST"},
        "within": {"GET", "PUT", "PATCH"},
        "match": {"GET", "POST", "PUT"},
        "only": {"POST"},
        "plain": {"GET"},
        "Some": {"POST"},
        "wrapped": {"POST"},
        "set": {"GET", "PUT"},
        "users/{pk}/lock": {"POST", "DELETE"},
        "users/as-file": {"GET"},
    }
    assert found["POST /users/{pk}/lock/"] == "site/views.py::Users.lock"


def test_each_overload_of_a_handler_has_its_route_and_each_path_of_a_list() -> None:
    files = {
        "Orders.java": """
@RestController
class Orders {
    @GetMapping("/all")
    List<Order> list() { return null; }
    @PostMapping("/some")
    List<Order> list(Query query) { return null; }
}
""",
        "Store.kt": """package acme

@RestController
@RequestMapping("/kt")
class Store(private val db: Db) {
    @GetMapping("/one") fun one() = db.one()
}
data class Next(val x: Int)
""",
        "app.js": "const app = express();\napp.get(['/a', '/b'], (q, s) => {});\n",
    }
    assert set(routes(files)) == {"GET /all", "POST /some", "GET /kt/one", "GET /a", "GET /b"}


def test_routers_of_express_are_joined_across_files() -> None:
    files = {
        "src/app.ts": """
import express from 'express';
import users, {admin} from './routes/users.js';
import * as all from './routes/all';
export const app = express();
app.use('/api/users', auth, users);
app.use('/admin', admin);
app.use('/all', all.router);
app.use('/v2', require('./routes/items'));
""",
        "src/routes/users.ts": """
import {Router} from 'express';
import * as controller from '../controller';
const router = Router();
export const admin = Router();
router.get('/:id', controller.one);
router.route('/').get(controller.one).post(wrapped(controller.add));
admin.post('/clear', async (req, res) => {});
axios.get('/of/another/server', {});
export default router;
""",
        "src/routes/all.ts": """
import {Router} from 'express';
export const router = Router();
router.all('/x', (q, s) => {});
""",
        "src/routes/items.js": """
const r = require('express').Router();
r.put('/:id', (q, s) => {});
module.exports = r;
""",
        "src/controller/index.ts": "export function one(req, res) {}\nexport const add = (req, res) => {};\n",
    }

    assert routes(files) == {
        "GET /api/users/:id": "src/controller/index.ts::one",
        "GET /api/users/": "src/controller/index.ts::one",
        "POST /api/users/": "src/controller/index.ts::add",
        "POST /admin/clear": "src/routes/users.ts",
        "ANY /all/x": "src/routes/all.ts",
        "PUT /v2/:id": "src/routes/items.js",
    }


def test_annotations_say_routes_below_that_of_their_class() -> None:
    files = {
        "Orders.java": """
package com.acme;
@RestController
@RequestMapping("/api/orders")
public class Orders {
    private static final String OLD = "/old";
    /** Finds one. */
    @GetMapping("/{id}")
    public Order find(@PathVariable Long id) { return null; }
    @PostMapping(value = {"", "/new"}, consumes = "application/json")
    Order create(@RequestBody Order order) { return order; }
    @RequestMapping(path = OLD + "/x", method = RequestMethod.DELETE)
    void remove() {}
    void none() {}
}
@FeignClient("shop")
interface Shop { @GetMapping("/of/another/server") void get(); }
""",
        "Store.kt": """
@RestController
@RequestMapping("/kt")
class Store(private val db: Db) {
    @PutMapping("/put")
    fun put(x: String): Int = db.put(x)
}
""",
        "cats.ts": "@Controller('cats')\nexport class Cats {\n  @Get(':id')\n  one(@Param('id') id: string) {}\n}\n",
        "Jax.java": """
@Path("/jax")
public class Jax {
  @GET
  @Path("{id}")
  public String one() { return null; }
}
""",
    }

    assert routes(files) == {
        "GET /api/orders/{id}": "Orders.java::Orders.find",
        "POST /api/orders": "Orders.java::Orders.create",
        "POST /api/orders/new": "Orders.java::Orders.create",
        "DELETE /api/orders/old/x": "Orders.java::Orders.remove",
        "PUT /kt/put": "Store.kt::Store.put",
        "GET /cats/:id": "cats.ts::Cats.one",
        "GET /jax/{id}": "Jax.java::Jax.one",
    }


PREFIXED: dict[str, tuple[dict[str, str], set[str]]] = {
    "a name in express": (
        {
            "app.js": "const express = require('express');\nconst API = '/api';\nconst V1 = `${API}/v1`;\n"
            "const app = express();\n"
            "const users = require('./users');\napp.use(V1 + '/users', users);\napp.get(`${API}/health`, (q, "
            "s) => {});\n"
            "app.get(API + '/ping', (q, s) => {});\n",
            "users.js": "const r = require('express').Router();\nr.get('/:id', (q, s) => {});\nmodule.exports = r;\n",
        },
        {"GET /api/v1/users/:id", "GET /api/health", "GET /api/ping"},
    ),
    "a key in express": (
        {
            "app.ts": "import express from 'express';\nimport users from './users';\n"
            "const config = {api: {prefix: '/api'}};\n"
            "const app = express();\napp.use(config.api.prefix, users);\n",
            "users.ts": "import {Router} from 'express';\nconst r = Router();\nr.get('/me', (q, s) => {});\n"
            "export default r;\n",
        },
        {"GET /api/me"},
    ),
    "a key of another file": (
        {
            "app.ts": "import express from 'express';\nimport config from './config';\nimport users from './users';\n"
            "const app = express();\napp.use(config.api.prefix, users);\n",
            "users.ts": "import {Router} from 'express';\nconst r = Router();\nr.get('/me', (q, s) => {});\n"
            "export default r;\n",
        },
        {"GET /{config.api.prefix}/me"},
    ),
    "an option of fastify": (
        {
            "app.js": "const fastify = require('fastify')();\nconst PREFIX = '/v1';\n"
            "fastify.register(require('./users'), { prefix: PREFIX });\n",
            "users.js": "module.exports = async function (fastify) {\n  fastify.get('/me', async () => {});\n};\n",
        },
        {"GET /v1/me"},
    ),
    "a plugin of fastify by its name": (
        {
            "app.ts": "import Fastify from 'fastify';\nimport users from './users';\nconst server = Fastify();\n"
            "server.register(users, { prefix: '/v1' });\n",
            "users.ts": "export default async function users(app: FastifyInstance, opts: object) {\n"
            "  app.get('/me', async () => {});\n}\n",
        },
        {"GET /v1/me"},
    ),
    "a function that gets the router": (
        {
            "app.js": "const app = require('express')();\nrequire('./routes')(app);\n",
            "routes.js": "module.exports = (app) => {\n  app.get('/me', (q, s) => {});\n};\n",
        },
        {"GET /me"},
    ),
    "a constant of nest": (
        {
            "a.controller.ts": "const BASE = 'cats';\n@Controller(BASE)\nexport class Cats {\n  @Get(':id')\n"
            "  one() {}\n  @Post()\n  add() {}\n}\n"
        },
        {"GET /cats/:id", "POST /cats"},
    ),
    "a constant of spring": (
        {
            "A.java": 'class A {}\n@RestController\n@RequestMapping(Api.BASE + "/orders")\nclass Orders {\n'
            '  @GetMapping(path = "/{id}", produces = "application/json")\n  Order one() { return null; }\n}\n'
            'interface Api { String BASE = "/api"; }\n'
        },
        {"GET /api/orders/{id}"},
    ),
    "a property of spring": (
        {
            "A.java": '@RestController\n@RequestMapping("${api.prefix:/api/v1}/orders")\nclass Orders {\n'
            '  @DeleteMapping("/{id}")\n'
            "  void gone() {}\n}\n"
        },
        {"DELETE /api/v1/orders/{id}"},
    ),
    "a name in django": (
        {
            "site/urls.py": "from django.urls import include, path\nfrom django.conf.urls.i18n import i18n_patterns\n"
            "API = 'api/'\nurlpatterns = [path(API, include('polls.urls')), path(f'{API}v2/', "
            "include('polls.urls'))]\n"
            "urlpatterns += i18n_patterns(path('about/', views.about))\n",
            "polls/urls.py": "from django.urls import path\nfrom . import views\nurlpatterns = [path('', "
            "views.index)]\n",
        },
        {"GET /api/", "GET /api/v2/", "GET /about/"},
    ),
    "typed express": (
        {
            "a.ts": "import { Router } from 'express';\nconst r: Router = Router();\n"
            "r.get<{ id: string }>('/typed/:id', a);\nr.put('/const' as const, b);\nr['post']('/bracket', c);\n"
            "r.get(/^\\/re\\/(\\d+)$/, d);\n",
        },
        {"GET /typed/:id", "PUT /const", "POST /bracket", "GET /re/(\\d+)"},
    ),
    "a router of koa": (
        {
            "a.js": "const Router = require('@koa/router');\nconst koa = new Router({ prefix: '/koa' });\n"
            "koa.get('user', '/users/:id', ctx => {});\nkoa.del('/users/:id', gone);\n",
        },
        {"GET /koa/users/:id", "DELETE /koa/users/:id"},
    ),
    "what fastify is told": (
        {
            "a.js": "const fastify = require('fastify')();\n"
            "fastify.route({ method: 'GET', url: '/one/:x', handler: one });\n"
            "fastify.route({ method: ['PUT', 'PATCH'], path: '/two', async handler(q, s) {} });\n"
            "fastify.route({ method: verb, url: '/three', handler: one });\n",
        },
        {"GET /one/:x", "PUT /two", "PATCH /two"},
    ),
    "a base of hono": (
        {
            "a.ts": "import { Hono } from 'hono';\nconst app = new Hono().basePath('/api/');\n"
            "app.get('/x', c => c.text(''));\n",
        },
        {"GET /api/x"},
    ),
    "a pattern in spring": (
        {
            "A.java": '@RestController\nclass Orders {\n  static final String SUB = "/sub";\n'
            '  @GetMapping(value = {SUB + "/{id:[0-9]+}", "/old"}, produces = "x")\n  void one() {}\n}\n'
            '@Controller("/mn")\nclass M {\n  @Post(uri = "/u")\n  void u() {}\n}\n',
        },
        {"GET /sub/{id:[0-9]+}", "GET /old", "POST /mn/u"},
    ),
    "translated paths of django": (
        {
            "site/urls.py": "from django.urls import path\nfrom django.utils.translation import gettext_lazy as _\n"
            "urlpatterns = [path(_('hello/'), views.hello), path(route='kw/', view=views.kw)]\n",
        },
        {"GET /hello/", "GET /kw/"},
    ),
    "settings of fastapi": (
        {
            "app/main.py": "from fastapi import FastAPI\nfrom app.core.config import settings\n"
            "from app.api import api_router\n"
            "app = FastAPI()\napp.include_router(api_router, prefix=settings.API_V1_STR)\n",
            "app/core/config.py": "class Settings(BaseSettings):\n    API_V1_STR: str = '/api/v1'\n\n"
            "settings = Settings()\n",
            "app/api.py": "from fastapi import APIRouter\napi_router = APIRouter()\n@api_router.get('/users')\n"
            "def users(): ...\n",
        },
        {"GET /api/v1/users"},
    ),
}


@pytest.mark.parametrize(("files", "expected"), PREFIXED.values(), ids=[name.replace(" ", "-") for name in PREFIXED])
def test_a_prefix_may_have_a_name(files: dict[str, str], expected: set[str]) -> None:
    assert set(routes(files)) == expected
