/** Static files of an app at the gateway: which there are, and what clients can ask of them. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:http";
import { after, before, describe, test } from "node:test";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from "node:zlib";
import { mainTenant } from "../../../base/ids/new-id.ts";
import { filesBundle, LIST_AT } from "../../../store/catalog/app-files.ts";
import type { StoredCode } from "../../../store/catalog/catalog.ts";
import { manifestSchema } from "../../../store/catalog/manifest.ts";
import { createTestGate } from "../../access/testing/test-gate.ts";
import { openTestGateway, rawClient, replyText } from "../testing/test-gateway.ts";
import { judge } from "./conditions.ts";
import { isNamedByHash } from "./site.ts";
import { until } from "../../../base/clock/until.ts";

const script = "console.log('a script that is long enough to be worth compressing');\n".repeat(50);
const large = Buffer.alloc(3_000_000, "0123456789abcdef");
const contents: Record<string, string | Buffer> = {
  "public/index.html": "<h1>home</h1>",
  "public/app.js": script,
  "public/app.js.br": brotliCompressSync(script),
  "public/app.js.gz": gzipSync(script),
  "public/plain.css": "body { margin: 0 }\n".repeat(200),
  "public/app.3f2a9c1b.js": "hashed",
  "public/docs/index.html": "docs",
  "public/docs/ä b.txt": "odd name",
  "public/.env": "secret",
  "public/.git/config": "secret",
  "public/.well-known/security.txt": "well known",
  "public/large.bin": large,
  "public/empty.txt": "",
  "public/hello/x": "shadowed by the function",
  "server.ts": "secret code",
};

/** A revision's code, in parts of an odd size. */
function codeOf(files: Record<string, string | Buffer>, piece = 1_000): StoredCode {
  const list = Object.entries(files).map(([path, content]) => ({ path, content: Buffer.from(content), executable: false }));
  const all = Buffer.from(filesBundle(list).code).subarray(LIST_AT);
  const bytes = list.reduce((sum, { content }) => sum + content.length, 0);
  return {
    functions: [],
    files: { list: all.length - bytes, bytes },
    async *parts() {
      for (let at = 0; at < all.length; at += piece) yield all.subarray(at, at + piece);
      yield Buffer.from("the code of a function");
    },
  };
}

let open: Awaited<ReturnType<typeof openTestGateway>>;
const folder = mkdtempSync(join(tmpdir(), "mayfly-static-"));
const reads: string[] = [];

before(async () => {
  const code = (revision: string) => {
    reads.push(revision);
    if (revision === "damaged")
      return {
        ...codeOf({}),
        parts: async function* () {
          yield Buffer.alloc(0);
          throw new Error("damaged");
        },
      };
    return codeOf(revision === "other" ? { "public/404.html": "nothing here" } : contents);
  };
  open = await openTestGateway((seen) => replyText(seen, `function ${seen.input.url}`), { sites: { code, folder } }, "apps.test");
  const set = (id: string, given: object) => open.routes.setApp({ app: id, tenant: mainTenant, id, manifest: manifestSchema.parse(given) });
  const hello = { entry: "hello.ts" };
  set("site", { name: "site", static: "public/", functions: { hello, other: hello } });
  set("one", { name: "one", static: "public/", functions: { web: hello } });
  set("other", { name: "other", static: "public/" });
  set("page", { name: "page", static: "public/", fallback: "index.html", functions: { api: hello }, routes: { "GET /orders": "api" } });
  set("lost", { name: "lost", static: "public/", fallback: "absent.html" });
  set("damaged", { name: "damaged", static: "public/" });
});
after(async () => {
  await open.gateway.close(0);
  rmSync(folder, { recursive: true, force: true });
});

interface Got {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

/** The path goes out as it is. */
async function get(path: string, headers: Record<string, string> = {}, method = "GET"): Promise<Got> {
  const asked = request({ port: open.port, host: "127.0.0.1", path, method, headers, agent: false }).end();
  const [response] = (await once(asked, "response")) as [import("node:http").IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status: response.statusCode!, headers: response.headers, body: Buffer.concat(chunks) };
}

test("a file comes with its type, its tag and what clients may keep of it", async () => {
  const home = await get("/site/");
  assert.deepEqual([home.status, home.body.toString(), home.headers["content-type"]], [200, "<h1>home</h1>", "text/html; charset=utf-8"]);
  assert.equal(home.headers["cache-control"], "public, max-age=0, must-revalidate");
  assert.match(String(home.headers["etag"]), /^"[\w-]{27}"$/);
  assert.equal(home.headers["last-modified"], undefined);
  assert.equal((await get("/site/app.3f2a9c1b.js")).headers["cache-control"], "public, max-age=31536000, immutable");
  assert.equal((await get("/site/docs/%C3%A4%20b.txt?x")).body.toString(), "odd name");
  assert.equal((await get("/site/.well-known/security.txt")).body.toString(), "well known");
  const empty = await get("/site/empty.txt");
  assert.deepEqual([empty.status, empty.headers["content-length"]], [200, "0"]);
  const head = await get("/site/large.bin", {}, "HEAD");
  assert.deepEqual([head.status, head.headers["content-length"], head.body.length], [200, String(large.length), 0]);
  for (const path of ["/site/", "/site/large.bin", "/site/app.3f2a9c1b.js", "/site/empty.txt", "/site/nowhere", "/site/docs"])
    for (const coding of ["identity", "gzip", "br"]) {
      const [whole, alone] = [await get(path, { "accept-encoding": coding }), await get(path, { "accept-encoding": coding }, "HEAD")];
      const facts = ({ status, headers }: typeof whole) => [status, headers["content-type"], headers["content-encoding"], headers["etag"]];
      assert.deepEqual([facts(alone), alone.body.length], [facts(whole), 0], `${path} in ${coding}`);
      const length = alone.headers["content-length"];
      assert.ok(length === undefined || length === whole.headers["content-length"], `${path} in ${coding}`);
    }
  assert.ok((await get("/site/large.bin")).body.equals(large));
  assert.deepEqual(readdirSync(folder), [], "what is served has no name on the disk");
});

test("a folder leads to its index, by an address that ends with a slash", async () => {
  const docs = await get("/site/docs?x=1");
  assert.deepEqual([docs.status, docs.headers["location"]], [308, "/site/docs/?x=1"]);
  assert.equal((await get("/site/docs/")).body.toString(), "docs");
  const below = await fetch(`${open.url}/docs`, { headers: { host: "one.apps.test" }, redirect: "manual" });
  assert.ok([308, 404].includes(below.status));
});

test("the app's own address leads to one with a slash at its end, so that relative links of its page lead into the app", async () => {
  for (const [from, to] of [
    ["/site", "/site/"],
    ["/site?x=1", "/site/?x=1"],
    ["/one", "/one/"],
  ] as const) {
    const led = await get(from);
    assert.deepEqual([led.status, led.headers["location"]], [308, to], from);
  }
  assert.equal((await get("/", { host: "site.apps.test" })).status, 200, "a host has no address without a slash");
  assert.equal((await get("/other")).body.toString(), "nothing here", "without a page there is nothing to lead to");
  assert.equal((await get("/site", {}, "POST")).status, 404);
});

test("an app of one page: its fallback is at every address that a browser opens and that nothing else has", async () => {
  const page = { accept: "text/html,application/xhtml+xml,*/*;q=0.8" };
  const deep = await get("/page/customers/7?tab=1", page);
  assert.deepEqual([deep.status, deep.body.toString(), deep.headers["vary"]], [200, "<h1>home</h1>", "Accept"]);
  assert.equal(deep.headers["cache-control"], "public, max-age=0, must-revalidate");
  assert.equal((await get("/page/customers/7", { ...page, "if-none-match": String(deep.headers["etag"]) })).status, 304);
  assert.equal((await get("/page/docs/", page)).body.toString(), "docs", "a file comes first");
  assert.match((await get("/page/orders", page)).body.toString(), /^function .*\/orders$/, "and so does a route");
  assert.match((await get("/page/api/x", page)).body.toString(), /^function .*\/x$/, "and an address that names a function");
  assert.match((await get("/page/missing.js", { accept: "*/*" })).body.toString(), /^function /, "a script is not a page");
  assert.match((await get("/page/customers/7", page, "POST")).body.toString(), /^function /);
  assert.equal((await get("/lost/x", page)).status, 404);
});

test("nothing but the folder's files can be reached", async () => {
  const paths = [
    "/site/.env",
    "/site/%2eenv",
    "/site/.git/config",
    "/site/../server.ts",
    "/site/%2e%2e/server.ts",
    "/site/..%2fserver.ts",
    "/site/%2e%2e%2fserver.ts",
    "/site/docs/../../server.ts",
    "/site/docs%5c..%5cserver.ts",
    "/site//index.html",
    "/site/index.html/",
    "/site/index.html%00",
    "/site/%ff",
    "/site/%",
    "/site/constructor",
    "/site/__proto__",
    "/site/server.ts",
    "/site/public/index.html",
  ];
  for (const path of paths) assert.equal((await get(path)).status, 404, path);
});

test("functions answer where an address names them, and where there is no file", async () => {
  assert.equal((await get("/site/hello/x")).body.toString(), `function http://127.0.0.1:${open.port}/x`);
  assert.equal((await get("/one/app.js")).body.toString(), script);
  assert.equal((await get("/one/api")).body.toString(), `function http://127.0.0.1:${open.port}/api`);
  assert.equal((await get("/one/app.js", {}, "PUT")).body.toString(), `function http://127.0.0.1:${open.port}/app.js`);
  assert.equal((await get("/one/web/app.js")).body.toString(), `function http://127.0.0.1:${open.port}/app.js`);
  assert.equal((await get("/site/none")).status, 404);
  assert.equal((await get("/site/none", {}, "PUT")).status, 404);
});

test("an app of files alone has its own page for what is not there", async () => {
  const missing = await get("/other/none", { range: "bytes=0-1", "if-none-match": "*" });
  assert.deepEqual([missing.status, missing.body.toString()], [404, "nothing here"]);
});

test("a site is read out of the store once, and one that cannot be read is an error each time", async () => {
  await Promise.all([get("/site/"), get("/site/app.js")]);
  assert.equal(reads.filter((each) => each === "site").length, 1);
  for (let time = 0; time < 2; time += 1) assert.equal((await get("/damaged/")).status, 500);
  assert.equal(reads.filter((each) => each === "damaged").length, 2);
});

test("clients get what they have not yet, and parts", async () => {
  const { headers } = await get("/site/large.bin");
  const etag = String(headers["etag"]);
  const kept = await get("/site/large.bin", { "if-none-match": `"x", W/${etag}` });
  assert.deepEqual([kept.status, kept.body.length, kept.headers["etag"]], [304, 0, etag]);
  assert.equal((await get("/site/large.bin", { "if-match": '"x"' })).status, 412);
  const part = await get("/site/large.bin", { range: "bytes=10-25" });
  assert.deepEqual(
    [part.status, part.headers["content-range"], part.body.toString()],
    [206, `bytes 10-25/${large.length}`, "abcdef0123456789"],
  );
  const end = await get("/site/large.bin", { range: "bytes=-4" });
  assert.deepEqual([end.status, end.body.toString()], [206, "cdef"]);
  const beyond = await get("/site/large.bin", { range: "bytes=3000000-" });
  assert.deepEqual([beyond.status, beyond.headers["content-range"]], [416, `bytes */${large.length}`]);
  assert.equal((await get("/site/large.bin", { range: "bytes=0-1,5-6" })).status, 200);
  assert.equal((await get("/site/large.bin", { range: "bytes=0-1", "if-range": '"old"' })).status, 200);
  assert.equal((await get("/site/large.bin", { range: "bytes=0-1", "if-range": etag })).status, 206);
});

test("a file that was compressed beforehand is sent as it is, and others are compressed on the way", async () => {
  const br = await get("/site/app.js", { "accept-encoding": "gzip, br, zstd" });
  assert.deepEqual([br.headers["content-encoding"], br.headers["content-type"]], ["br", "text/javascript; charset=utf-8"]);
  assert.equal(brotliDecompressSync(br.body).toString(), script);
  assert.equal(br.headers["vary"], "Accept-Encoding");
  const gz = await get("/site/app.js", { "accept-encoding": "gzip" });
  assert.equal(gunzipSync(gz.body).toString(), script);
  assert.notEqual(gz.headers["etag"], br.headers["etag"]);
  assert.equal((await get("/site/app.js", { "accept-encoding": "gzip", "if-none-match": String(gz.headers["etag"]) })).status, 304);
  const plain = await get("/site/app.js");
  assert.deepEqual([plain.headers["content-encoding"], plain.headers["vary"]], [undefined, "Accept-Encoding"]);
  const css = await get("/site/plain.css", { "accept-encoding": "gzip" });
  assert.equal(gunzipSync(css.body).toString(), contents["public/plain.css"]);
  assert.match(String(css.headers["etag"]), /^W\//);
  assert.equal((await get("/site/plain.css", { "accept-encoding": "gzip", "if-none-match": String(css.headers["etag"]) })).status, 304);
  const unchanged = await get("/site/plain.css", { "accept-encoding": "gzip", "if-none-match": String(css.headers["etag"]) });
  assert.deepEqual([unchanged.headers["etag"], unchanged.headers["content-encoding"]], [css.headers["etag"], undefined]);
  const head = await get("/site/plain.css", { "accept-encoding": "gzip" }, "HEAD");
  assert.deepEqual(
    [head.headers["etag"], head.headers["content-encoding"], head.headers["content-length"]],
    [css.headers["etag"], "gzip", undefined],
  );
  const ready = await get("/site/app.js", { "accept-encoding": "gzip" }, "HEAD");
  assert.deepEqual([ready.headers["content-encoding"], ready.headers["content-length"]], ["gzip", String(gz.body.length)]);
  const part = await get("/site/app.js", { "accept-encoding": "br", range: "bytes=0-3" });
  assert.deepEqual([part.status, part.body.toString(), part.headers["content-encoding"]], [206, "cons", undefined]);
});

test("a client that does not read holds nothing of a file in memory", async () => {
  const client = rawClient(open.port, "GET /site/large.bin HTTP/1.1\r\nhost: h\r\n\r\n".repeat(3));
  client.socket.pause();
  await new Promise((resolve) => setTimeout(resolve, 300));
  client.socket.resume();
  await until(() => client.text.length > 3 * large.length);
  client.socket.destroy();
});

test("ranges and conditions are read as HTTP says", () => {
  const none = { ifNoneMatch: undefined, ifMatch: undefined, ifRange: undefined, range: undefined };
  const ranges: [string, number, object][] = [
    ["bytes=0-0", 10, { status: 206, first: 0, last: 0 }],
    ["bytes=0-", 10, { status: 206, first: 0, last: 9 }],
    ["bytes=5-99", 10, { status: 206, first: 5, last: 9 }],
    ["bytes=-99", 10, { status: 206, first: 0, last: 9 }],
    ["bytes=-0", 10, { status: 416 }],
    ["bytes=10-", 10, { status: 416 }],
    ["bytes=0-0", 0, { status: 416 }],
    ["bytes=-1", 0, { status: 416 }],
    ["bytes=5-4", 10, { status: 200 }],
    ["bytes=-", 10, { status: 200 }],
    ["bytes=a-b", 10, { status: 200 }],
    ["lines=0-1", 10, { status: 200 }],
    ["bytes=0-1,3-4", 10, { status: 200 }],
    ["bytes=99999999999999999-", 10, { status: 200 }],
  ];
  for (const [range, bytes, expected] of ranges) assert.deepEqual(judge({ ...none, range }, '"t"', bytes), expected, range);
  const conditions: [object, number][] = [
    [{ ifNoneMatch: "*" }, 304],
    [{ ifNoneMatch: '"t"' }, 304],
    [{ ifNoneMatch: 'W/"t"' }, 304],
    [{ ifNoneMatch: '"x"' }, 200],
    [{ ifMatch: '"t"' }, 200],
    [{ ifMatch: 'W/"t"' }, 412],
    [{ ifMatch: "*" }, 200],
    [{ ifMatch: '"x"', ifNoneMatch: '"t"' }, 412],
  ];
  for (const [given, status] of conditions) assert.equal(judge({ ...none, ...given }, '"t"', 10).status, status, JSON.stringify(given));
});

test("names with a hash are told from others", () => {
  const hashed = [
    "app.3f2a9c1b.js",
    "index-BgF3x9aQ.css",
    "chunk-5XKTLVBQ.js",
    "a/b/main-0cdabf1e4f.js",
    "main.8e0d62a03f2a9c1b.js.map",
    "x-D_9f-K2a.js",
    "my-index-D_9f-K2a.js",
    "i-aBcdEfgh.js",
  ];
  const plain = [
    "holiday2024.jpg",
    "report-20240101.pdf",
    "jquery-3.7.1.min.js",
    "index.html",
    "summer24.png",
    "deadbeef.js",
    "a-deadbeef.js",
    "some-document.pdf",
    "my-Document.pdf",
  ];
  for (const name of hashed) assert.ok(isNamedByHash(name), name);
  for (const name of plain) assert.ok(!isNamedByHash(name), name);
});

describe("files of an app that is not for everybody, and that pages of other origins may read", () => {
  const { gate, tokens } = createTestGate();
  let guarded: typeof open;
  const files = mkdtempSync(join(tmpdir(), "mayfly-static-"));
  const page = { origin: "https://page.test" };
  const allowed = "access-control-allow-origin";

  before(async () => {
    const act = (seen: Parameters<Parameters<typeof openTestGateway>[0]>[0]) => replyText(seen, `function ${seen.input.url}`);
    guarded = await openTestGateway(act, { gate, sites: { code: () => codeOf(contents), folder: files } });
    const set = (id: string, given: object) =>
      guarded.routes.setApp({ app: id, tenant: mainTenant, id, manifest: manifestSchema.parse({ name: id, static: "public/", ...given }) });
    const cors = { origins: ["https://page.test"], credentials: true };
    const hello = { entry: "hello.ts" };
    set("closed", { access: "token", cors, functions: { hello, open: { ...hello, access: "public" } }, routes: { "GET /{any+}": "open" } });
    set("pages", { cors });
    set("near", { ips: { allow: ["10.0.0.0/8"] } });
    tokens.set("good", { id: "prin_1", name: "ada", role: "invoker" });
  });
  after(async () => {
    await guarded.gateway.close(0);
    rmSync(files, { recursive: true });
  });

  const ask = (path: string, headers: Record<string, string> = {}, method = "GET") =>
    fetch(guarded.url + path, { headers, method, redirect: "manual" });
  const bearer = { authorization: "Bearer good" };

  test("carry what lets pages read them, in every answer", async () => {
    for (const [path, status, headers] of [
      ["/pages/app.js", 200, {}],
      ["/pages/docs", 308, {}],
      ["/pages/none", 404, {}],
      ["/pages/large.bin", 206, { range: "bytes=0-9" }],
      ["/pages/large.bin", 416, { range: "bytes=99999999-" }],
      ["/pages/app.js", 304, { "if-none-match": "*" }],
      ["/pages/app.js", 412, { "if-match": '"other"' }],
    ] as const) {
      const response = await ask(path, { ...page, ...headers });
      await response.arrayBuffer();
      assert.equal(response.status, status, path);
      assert.equal(response.headers.get(allowed), "https://page.test", `${path} ${status}`);
      assert.equal(response.headers.get("access-control-allow-credentials"), "true");
      assert.match(response.headers.get("vary") ?? "", /\bOrigin\b/);
    }
    const other = await ask("/pages/app.js", { origin: "https://other.test" });
    assert.deepEqual([other.status, other.headers.get(allowed)], [200, null]);
    const question = await ask("/pages/app.js", { ...page, "access-control-request-method": "GET" }, "OPTIONS");
    assert.deepEqual([question.status, question.headers.get(allowed)], [204, "https://page.test"]);
  });

  test("are for those whom the app lets in, also where a path leads to a function for everybody, and no cache gives them to others", async () => {
    const refused = await ask("/closed/app.3f2a9c1b.js", page);
    assert.deepEqual([refused.status, refused.headers.get(allowed)], [401, "https://page.test"]);
    assert.equal((await ask("/closed/docs")).status, 401, "nor does a redirect tell which folders there are");
    const found = await ask("/closed/app.3f2a9c1b.js", { ...page, ...bearer });
    assert.deepEqual([found.status, await found.text(), found.headers.get(allowed)], [200, "hashed", "https://page.test"]);
    assert.equal(found.headers.get("cache-control"), "private, max-age=31536000, immutable");
    const anybody = await ask("/closed/what-no-file-is-called");
    assert.equal(await anybody.text(), `function ${guarded.url}/what-no-file-is-called`);
    assert.equal((await ask("/near/app.js")).status, 403);
  });
});
