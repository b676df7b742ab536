/** Apps of the frameworks that people use, as Debian has them, unchanged. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { afterwards } from "../../../base/testing/afterwards.ts";
import { ResetCode } from "../../../wire/protocol.ts";
import { bindPython, pythonAgent } from "../../testing/python-agent.ts";
import { startAgentProcess } from "../../testing/running-agent.ts";

const flask = `
import time
from flask import Flask, abort, jsonify, request, session, stream_with_context
app = Flask(__name__)
app.secret_key = "not so secret"

@app.get("/hello/<name>")
def hello(name):
    print("in hello for", name)
    app.logger.warning("a warning of %s", name)
    return f"Hello {name}, {request.args.get('x')}"

@app.post("/form")
def form():
    file = request.files.get("file")
    return jsonify(fields=request.form, size=len(file.read()) if file else None, name=file.filename if file else None)

@app.post("/json")
def of_json():
    return jsonify(twice=[request.json] * 2), 201, {"x-a": "1"}

@app.get("/count")
def count():
    session["count"] = session.get("count", 0) + 1
    return str(session["count"])

@app.get("/stream")
def stream():
    @stream_with_context
    def pieces():
        for at in range(3):
            yield f"{request.path} {at}\\n"
    return pieces(), {"content-type": "text/plain"}

@app.get("/forbidden")
def forbidden():
    abort(403)

@app.get("/fails")
def fails():
    return 1 / 0

@app.get("/waits")
def waits():
    time.sleep(0.1)
    return "waited"`;

const starlette = `
import asyncio
from contextlib import asynccontextmanager
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import JSONResponse, PlainTextResponse, StreamingResponse
from starlette.routing import Mount, Route

@asynccontextmanager
async def lifespan(app):
    print("starlette starts up")
    app.state.pool = "a pool"
    yield
    print("starlette shuts down")

async def hello(request):
    print("in hello for", request.path_params["name"])
    return PlainTextResponse(f"Hello {request.path_params['name']}, {request.query_params.get('x')}, {request.app.state.pool}")

async def upper(request):
    chunks = [chunk async for chunk in request.stream()]
    return StreamingResponse(chunk.upper() for chunk in chunks)

async def echo(request):
    return StreamingResponse(request.stream())

async def of_json(request):
    return JSONResponse({"twice": [await request.json()] * 2}, 201, {"x-a": "1"})

async def later():
    await asyncio.sleep(0.05)
    print("the background task is done")

async def background(request):
    return PlainTextResponse("soon", background=BackgroundTask(later))

def in_thread(request):
    print("in a thread")
    return PlainTextResponse("threaded")

async def fails(request):
    return 1 / 0

async def waits(request):
    await asyncio.sleep(0.1)
    return PlainTextResponse("waited")

async def inner(request):
    return PlainTextResponse(f"{request.url.path} {request.url_for('within:page', name='other')}")

routes = [Mount("/within", routes=[Route("/page/{name}", inner, name="page")], name="within"), Route("/hello/{name}", hello), Route("/upper", upper, methods=["POST"]), Route("/echo", echo, methods=["POST"]), Route("/json", of_json, methods=["POST"]),
    Route("/background", background), Route("/thread", in_thread), Route("/fails", fails), Route("/waits", waits)]
app = Starlette(routes=routes, lifespan=lifespan, middleware=[Middleware(GZipMiddleware, minimum_size=2_000)])`;

const fastapi = `
from fastapi import Depends, FastAPI, HTTPException
from pydantic import BaseModel
app = FastAPI()

class Item(BaseModel):
    name: str
    price: float

def tax():
    return 0.25

@app.post("/items/{number}")
async def item(number: int, item: Item, rate: float = Depends(tax)):
    return {"number": number, "name": item.name, "cost": item.price * (1 + rate)}

@app.get("/plain")
def plain(q: str = "none"):
    return {"q": q}

@app.get("/missing")
async def missing():
    raise HTTPException(status_code=404, detail="not here")`;

/** One file in place of a project, whose last line is that of the project's wsgi.py or asgi.py. */
const django = (kind: "wsgi" | "asgi") => `
import time
from django.conf import settings
settings.configure(DEBUG=False, SECRET_KEY="not so secret", ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, USE_TZ=True,
    SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
    INSTALLED_APPS=["django.contrib.sessions"], TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
    MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware", "django.middleware.common.CommonMiddleware", "django.middleware.csrf.CsrfViewMiddleware"])
from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
from django.template import engines
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

def hello(request, name):
    print("in hello for", name)
    page = engines["django"].from_string("Hello {{ name }}, {{ x }}")
    return HttpResponse(page.render({"name": name, "x": request.GET.get("x")}, request))

@csrf_exempt
def form(request):
    file = request.FILES.get("file")
    return JsonResponse({"fields": request.POST.dict(), "size": file.size if file else None}, status=201)

def count(request):
    request.session["count"] = request.session.get("count", 0) + 1
    return HttpResponse(request.session["count"])

def stream(request):
    return StreamingHttpResponse(f"{at}\\n" for at in range(3))

def where(request):
    return HttpResponse(request.build_absolute_uri() + " " + reverse("now"))

def now(request):
    return HttpResponse(timezone.now().tzname())

def fails(request):
    return 1 / 0

def waits(request):
    time.sleep(0.1)
    return HttpResponse("waited")

urlpatterns = [path("hello/<name>", hello), path("form", form), path("count", count), path("stream", stream), path("now", now, name="now"), path("where", where), path("fails", fails), path("waits", waits)]
from django.core.${kind} import get_${kind}_application
application = get_${kind}_application()`;

for (const suite of ["bookworm", "trixie"] as const)
  describe(`frameworks of ${suite}`, () => {
    const start = async (t: Parameters<typeof afterwards>[0], name: string, code: string) => {
      const agent = await startAgentProcess({ start: pythonAgent({ suite, packages: [`python3-${name}`] }) });
      afterwards(t, () => agent.kill());
      await bindPython(agent, { main: code }, "app", { preload: "main" });
      return agent;
    };

    test("Flask: routes, forms, files, JSON, sessions, streams, errors, and many calls that wait", async (t) => {
      const agent = await start(t, "flask", flask);
      const get = (path: string, headers: string[] = []) => agent.call({ url: `http://localhost${path}`, headers });
      const post = (path: string, type: string, body: string | Buffer) =>
        agent.call({
          url: `http://localhost${path}`,
          method: "POST",
          headers: ["content-type", type, "content-length", String(body.length)],
          body,
        });

      const hello = await get("/hello/w%C3%B6rld?x=%20y");
      assert.deepEqual([hello.status, hello.text], [200, "Hello wörld,  y"]);
      for (const text of ["in hello for wörld", "a warning of wörld"]) assert.equal((await agent.logged(text)).stream, hello.stream);
      const fields = await post("/form", "application/x-www-form-urlencoded", "a=1&b=%C3%A4");
      assert.deepEqual(JSON.parse(fields.text), { fields: { a: "1", b: "ä" }, name: null, size: null });
      const part = `--xyz\r\ncontent-disposition: form-data; name="file"; filename="f.bin"\r\n\r\n`;
      const file = await post("/form", "multipart/form-data; boundary=xyz", Buffer.from(`${part}${"z".repeat(2_000_000)}\r\n--xyz--\r\n`));
      assert.deepEqual(JSON.parse(file.text), { fields: {}, name: "f.bin", size: 2_000_000 });
      const json = await post("/json", "application/json", '{"a":[1]}');
      assert.deepEqual([json.status, json.headers["x-a"], JSON.parse(json.text)], [201, "1", { twice: [{ a: [1] }, { a: [1] }] }]);
      const first = await get("/count");
      const cookie = String(first.headers["set-cookie"]).split(";")[0]!;
      assert.deepEqual([first.text, (await get("/count", ["cookie", cookie])).text], ["1", "2"]);
      assert.equal((await get("/stream")).text, "/stream 0\n/stream 1\n/stream 2\n");
      assert.deepEqual([(await get("/nowhere")).status, (await get("/forbidden")).status, (await get("/fails")).status], [404, 403, 500]);
      await agent.logged("return 1 / 0");
      const head = await agent.call({ url: "http://localhost/hello/you", method: "HEAD" });
      assert.deepEqual([head.status, head.text, head.headers["content-length"]], [200, "", "15"]);
      const waited = await Promise.all(Array.from({ length: 100 }, () => get("/waits")));
      assert.ok(waited.every(({ text }) => text === "waited"));
    });

    test("Starlette: lifespan, middleware, streams both ways, background tasks, threads, errors, and many calls that wait", async (t) => {
      const agent = await start(t, "starlette", starlette);
      const get = (path: string, headers: string[] = []) => agent.call({ url: `http://localhost${path}`, headers });
      assert.deepEqual(
        agent.logs.map(({ text }) => text),
        ["starlette starts up"],
      );
      const hello = await get("/hello/w%C3%B6rld?x=%20y");
      assert.deepEqual([hello.status, hello.text], [200, "Hello wörld,  y, a pool"]);
      assert.equal((await agent.logged("in hello for wörld")).stream, hello.stream);
      const upper = await agent.call({ url: "http://localhost/upper", method: "POST", body: "x".repeat(1_000_000) });
      assert.ok(upper.text === "X".repeat(1_000_000));
      // Bookworm's Starlette listens for the caller's end while it streams, and so takes parts of the body that the app waits for.
      if (suite === "trixie") {
        const echo = await agent.call({ url: "http://localhost/echo", method: "POST", body: "x".repeat(1_000_000) });
        assert.ok(echo.text === "x".repeat(1_000_000));
      }
      const json = await agent.call({ url: "http://localhost/json", method: "POST", body: '{"a":[1]}' });
      assert.deepEqual([json.status, json.headers["x-a"], JSON.parse(json.text)], [201, "1", { twice: [{ a: [1] }, { a: [1] }] }]);
      const background = await get("/background");
      assert.equal(background.text, "soon");
      assert.equal((await agent.logged("the background task is done")).stream, background.stream);
      const thread = await get("/thread");
      assert.deepEqual([thread.text, (await agent.logged("in a thread")).stream], ["threaded", thread.stream]);
      // Where callers find the function below a path, routes, what is mounted in the app, and its links hold as well.
      const mounted = ["x-forwarded-prefix", "/shop/web"];
      assert.equal((await get("/hello/you?x=1", mounted)).text, "Hello you, 1, a pool");
      for (const [headers, mount] of [
        [mounted, "/shop/web"],
        [[], ""],
      ] as const)
        assert.equal(
          (await get("/within/page/one", [...headers])).text,
          `${mount}/within/page/one http://localhost${mount}/within/page/other`,
        );
      assert.deepEqual([(await get("/nowhere")).status, (await get("/fails")).text], [404, "Internal Server Error"]);
      await agent.logged("return 1 / 0");
      const waited = await Promise.all(Array.from({ length: 100 }, () => get("/waits")));
      assert.ok(waited.every(({ text }) => text === "waited"));
    });

    test("FastAPI: models, dependencies, plain functions, refusals, and its own description", async (t) => {
      const agent = await start(t, "fastapi", fastapi);
      const post = (body: string) =>
        agent.call({ url: "http://localhost/items/3", method: "POST", headers: ["content-type", "application/json"], body });
      assert.deepEqual(JSON.parse((await post('{"name":"a","price":4}')).text), { number: 3, name: "a", cost: 5 });
      assert.equal((await post('{"name":"a"}')).status, 422);
      assert.equal((await agent.call({ url: "http://localhost/plain?q=1" })).text, '{"q":"1"}');
      assert.deepEqual(JSON.parse((await agent.call({ url: "http://localhost/missing" })).text), { detail: "not here" });
      assert.match((await agent.call({ url: "http://localhost/openapi.json" })).text, /"\/items\/\{number\}"/);
      assert.notEqual((await agent.call({ function: "main", url: "http://localhost/docs" })).reset?.code, ResetCode.FunctionThrew);
    });

    for (const kind of ["wsgi", "asgi"] as const)
      test(`Django by ${kind.toUpperCase()}: templates, forms, files, sessions, streams, time zones, refusals, errors, and many calls that wait`, async (t) => {
        const agent = await startAgentProcess({ start: pythonAgent({ suite, packages: ["python3-django"] }) });
        afterwards(t, () => agent.kill());
        await bindPython(agent, { main: django(kind) }, "application", { preload: "main" });
        const get = (path: string, headers: string[] = []) => agent.call({ url: `http://localhost${path}`, headers });
        const hello = await get("/hello/w%C3%B6rld?x=%3Cy%3E");
        assert.deepEqual([hello.status, hello.text], [200, "Hello wörld, &lt;y&gt;"]);
        assert.equal((await agent.logged("in hello for wörld")).stream, hello.stream);
        const part = `--xyz\r\ncontent-disposition: form-data; name="file"; filename="f.bin"\r\n\r\n`;
        const field = `--xyz\r\ncontent-disposition: form-data; name="a"\r\n\r\nä\r\n`;
        const body = Buffer.from(`${field}${part}${"z".repeat(1_000_000)}\r\n--xyz--\r\n`);
        const headers = ["content-type", "multipart/form-data; boundary=xyz", "content-length", String(body.length)];
        const form = await agent.call({ url: "http://localhost/form", method: "POST", headers, body });
        assert.deepEqual([form.status, JSON.parse(form.text)], [201, { fields: { a: "ä" }, size: 1_000_000 }]);
        // Without a token, Django refuses what a page of another site could send.
        assert.equal((await agent.call({ url: "http://localhost/count", method: "POST" })).status, 403);
        const first = await get("/count");
        const cookie = String(first.headers["set-cookie"]).split(";")[0]!;
        assert.deepEqual([first.text, (await get("/count", ["cookie", cookie])).text], ["1", "2"]);
        assert.equal((await get("/stream")).text, "0\n1\n2\n");
        assert.equal((await get("/now")).text, "UTC");
        assert.equal((await get("/where", ["x-forwarded-prefix", "/shop/web"])).text, "http://localhost/shop/web/where /shop/web/now");
        assert.deepEqual([(await get("/nowhere")).status, (await get("/fails")).status], [404, 500]);
        const waited = await Promise.all(Array.from({ length: 50 }, () => get("/waits")));
        assert.ok(waited.every(({ text }) => text === "waited"));
      });
  });
