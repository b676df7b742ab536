import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { build } from "esbuild";
import { type RunningAgent, startAgentProcess } from "./testing/running-agent.ts";

const source = `
import { Hono } from "hono";
import { cors } from "hono/cors";
import { getCookie, setCookie } from "hono/cookie";
import { streamSSE } from "hono/streaming";
const app = new Hono().basePath("/app/main");
app.use(cors());
app.get("/text/:name", (c) => c.text("Hello " + c.req.param("name") + c.req.query("q")));
app.post("/json", async (c) => { c.header("x-own", "1"); return c.json({ got: await c.req.json() }, 201) });
app.post("/form", async (c) => c.json(await c.req.parseBody()));
app.get("/cookie", (c) => { setCookie(c, "a", "1"); setCookie(c, "b", "2"); return c.html("<p>" + getCookie(c, "k")) });
app.get("/sse", (c) => streamSSE(c, async (stream) => { for (const id of ["1", "2"]) await stream.writeSSE({ data: "tick", id }) }));
app.get("/env", (c) => { c.executionCtx.waitUntil(Promise.resolve()); return c.text(c.env.GREETING) });
app.get("/redirect", (c) => c.redirect("/elsewhere"));
app.get("/throws", () => { throw new Error("in a route") });
app.notFound((c) => c.text("nothing here", 404));
export default app;
`;

let agent: RunningAgent;

before(async () => {
  const bundled = await build({
    stdin: { contents: source, resolveDir: import.meta.dirname },
    bundle: true,
    format: "cjs",
    platform: "node",
    write: false,
    sourcemap: "inline",
  });
  agent = await startAgentProcess();
  await agent.bind({ main: bundled.outputFiles[0]!.text }, { env: { GREETING: "hi" } });
});
after(() => agent.kill());

const get = (path: string, headers: string[] = []) => agent.call({ url: `http://localhost/app/main${path}`, headers });
const post = (path: string, type: string, body: string) =>
  agent.call({ method: "POST", url: `http://localhost/app/main${path}`, headers: ["content-type", type], body });

test("a Hono app runs unchanged: text, JSON, forms, cookies, middleware", async () => {
  const text = await get("/text/Ada?q=!");
  assert.deepEqual([text.status, text.text, text.headers["access-control-allow-origin"]], [200, "Hello Ada!", "*"]);
  const json = await post("/json", "application/json", '{"a":1}');
  assert.deepEqual(
    [json.status, json.text, json.headers["x-own"], json.headers["content-type"]],
    [201, '{"got":{"a":1}}', "1", "application/json"],
  );
  assert.equal((await post("/form", "application/x-www-form-urlencoded", "a=b")).text, '{"a":"b"}');
  const cookie = await get("/cookie", ["cookie", "k=v"]);
  assert.deepEqual([cookie.text, cookie.headers["set-cookie"]], ["<p>v", ["a=1; Path=/", "b=2; Path=/"]]);
});

test("a Hono app streams events, sees env and ctx, redirects, and handles its own errors", async () => {
  const events = await get("/sse");
  assert.equal(events.text, "data: tick\nid: 1\n\ndata: tick\nid: 2\n\n");
  assert.match(String(events.headers["content-type"]), /^text\/event-stream/);
  assert.equal((await get("/env")).text, "hi");
  const redirect = await get("/redirect");
  assert.deepEqual([redirect.status, redirect.headers["location"]], [302, "/elsewhere"]);
  assert.equal((await get("/throws")).status, 500);
  assert.match((await agent.logged("in a route")).text, /at .*<stdin>:\d+/);
  assert.deepEqual([(await get("/none")).status, (await get("/none")).text], [404, "nothing here"]);
});
