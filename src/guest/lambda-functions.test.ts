import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { ResetCode } from "../wire/protocol.ts";
import { type RunningAgent, startAgentProcess } from "./testing/running-agent.ts";

let agent: RunningAgent;

before(async () => {
  agent = await startAgentProcess();
  await agent.bind({
    main: `exports.handler = async (event, context) => ({ event, id: context.awsRequestId, name: context.functionName, ms: context.getRemainingTimeInMillis() })`,
    full: `exports.handler = async () => ({ statusCode: 201, headers: { "X-A": 1 }, cookies: ["a=1", "b=2"], body: "made" })`,
    binary: `exports.handler = async (event) => ({ statusCode: 200, headers: { "content-type": "image/png" }, isBase64Encoded: true, body: event.body })`,
    callback: `exports.handler = (event, context, callback) => { setTimeout(callback, 1, null, "called back") }`,
    fails: `exports.handler = (event, context, callback) => { callback(new Error("no luck")) }`,
    succeeds: `exports.handler = function (event, context) { setTimeout(() => { context.succeed({ statusCode: 200, body: "hello" }); context.succeed("again"); }, 20) }`,
    done: `exports.handler = (event, context) => { setTimeout(() => context.done(null, "done"), 5) }`,
    failed: `exports.handler = function () { const context = arguments[1]; setTimeout(() => context.fail("no luck"), 5) }`,
    server: `const { createServer } = require("node:http"); exports.handler = (event, context) => { setTimeout(() => context.succeed("served"), 5); return createServer() }`,
    wrapped: `const inner = (event, context, callback) => { setTimeout(callback, 5, null, "inner") }; exports.handler = (...given) => inner(...given)`,
    bound: `exports.handler = ((event, context, callback) => { setTimeout(callback, 5, null, "bound") }).bind(null)`,
    defaulted: `exports.handler = (event, context = {}) => { setTimeout(() => context.succeed("by default"), 5) }`,
    defaults: `exports.handler = function (event = { a: "),", b: [1, 2] }, context, callback) { setTimeout(callback, 5, null, "third") }`,
    alone: `exports.handler = (event = { a: ",", b: [1, 2] },) => { console.log("nobody waits") }`,
    early: `exports.handler = async (event, context) => { context.succeed("first"); return "second" }`,
    late: `exports.handler = (event, context, callback) => { callback(null, "first"); callback(new Error("second")); throw new Error("third") }`,
    plain: `exports.handler = (event, context) => ({ statusCode: 202, body: "plain" })`,
    instance: `class Reply { statusCode = 200; body = "instance" } exports.handler = (event, context) => new Reply()`,
    text: `exports.handler = (event, context) => "text"`,
    unseen: `exports.handler = (event) => { console.log("nobody waits") }`,
    emitter: `exports.handler = (event) => new (require("node:events"))()`,
    never: `exports.handler = (event, context) => {}`,
    lists: `exports.handler = async () => ({ statusCode: 200, cookies: "a=1; Path=/", headers: { "x-list": ["1", "2"] }, multiValueHeaders: { "x-a": "notarray", "x-b": ["1", "2"] }, body: Buffer.from([1, 255]) })`,
    web: `exports.handler = async () => new Response("web", { status: 203, headers: { "x-w": "1" } })`,
    circular: `exports.handler = async () => { const a = {}; a.a = a; return a }`,
    big: `exports.handler = async () => ({ n: 1n })`,
    fn: `exports.handler = async () => () => {}`,
    date: `exports.handler = async () => new Date(0)`,
    old: `exports.handler = async (event) => [event.httpMethod, event.path, Object.keys({ ...event }).filter((key) => ["httpMethod", "path"].includes(key))]`,
    thrown: `exports.handler = async () => { throw undefined }`,
    nothing: `exports.handler = async () => {}`,
    badhead: `exports.handler = async () => ({ statusCode: 200, headers: { "x y": "1" } })`,
    stream: `const { pipeline } = require("node:stream/promises"); const { Readable } = require("node:stream");
      exports.handler = awslambda.streamifyResponse(async (event, stream, context) => {
        stream = awslambda.HttpResponseStream.from(stream, { statusCode: 202, headers: { "x-s": "yes", "content-type": "text/plain" }, cookies: ["c=3"] });
        await pipeline(Readable.from(Array.from({ length: 200 }, (_, i) => String(i % 10).repeat(1000))), stream);
      })`,
    plainstream: `exports.handler = awslambda.streamifyResponse(async (event, stream) => { stream.setContentType("text/x"); stream.write("a"); stream.write("b"); stream.end() })`,
    endless: `exports.handler = awslambda.streamifyResponse(async (event, stream) => { try { for (;;) { if (!stream.write("x".repeat(10000))) await new Promise((go, stop) => { stream.once("drain", go); stream.once("error", stop) }) } } catch (error) { console.log("stopped by " + error.name) } })`,
    midway: `exports.handler = awslambda.streamifyResponse(async (event, stream) => { stream.write("some"); throw new Error("midway") })`,
  });
});
after(() => agent.kill());

test("a Lambda function gets an HTTP API event and its result is sent as JSON", async () => {
  const reply = await agent.call({
    method: "POST",
    url: "http://api.example.com/app/main/x%20y?a=1&a=2&b=%C3%BC",
    headers: [
      "User-Agent",
      "tests",
      "X-Forwarded-For",
      "192.0.2.1",
      "Cookie",
      "k=v; l=w",
      "Content-Type",
      "application/json",
      "X-M",
      "1",
      "x-m",
      "2",
    ],
    body: '{"söme":1}',
  });
  assert.equal(reply.status, 200);
  assert.equal(reply.headers["content-type"], "application/json");
  const { event, id, name, ms } = JSON.parse(reply.text);
  assert.deepEqual(
    [event.version, event.routeKey, event.rawPath, event.rawQueryString],
    ["2.0", "$default", "/app/main/x%20y", "a=1&a=2&b=%C3%BC"],
  );
  assert.deepEqual(event.queryStringParameters, { a: "1,2", b: "ü" });
  assert.deepEqual(event.cookies, ["k=v", "l=w"]);
  assert.deepEqual(event.headers, {
    "user-agent": "tests",
    "x-forwarded-for": "192.0.2.1",
    "content-type": "application/json",
    "x-m": "1,2",
  });
  assert.deepEqual([event.body, event.isBase64Encoded], ['{"söme":1}', false]);
  const { http, requestId, domainName } = event.requestContext;
  assert.deepEqual(http, { method: "POST", path: "/app/main/x%20y", protocol: "HTTP/1.1", sourceIp: "192.0.2.1", userAgent: "tests" });
  assert.deepEqual([requestId, domainName, name], [id, "api.example.com", "main"]);
  assert.ok(ms > 0 && ms <= 5_000);
});

test("an object with statusCode sets status, headers and cookies", async () => {
  const reply = await agent.call({ function: "full" });
  assert.deepEqual([reply.status, reply.text, reply.headers["x-a"]], [201, "made", "1"]);
  assert.deepEqual(reply.headers["set-cookie"], ["a=1", "b=2"]);
});

test("a binary body travels as base64 in the event and is decoded in the reply", async () => {
  // The larger one is several frames in both directions, and ends within a group of base64.
  for (const body of [Buffer.from([0xff, 0, 1, 0x80]), randomBytes(300_001)]) {
    const reply = await agent.call({ function: "binary", method: "POST", headers: ["content-type", "image/png"], body });
    assert.ok(reply.body.equals(body));
    // A reply that is one frame gets its length from the host.
    assert.equal(reply.headers["content-length"], body.length > 100_000 ? String(body.length) : undefined);
  }
});

test("the callback style replies and fails", async () => {
  assert.equal((await agent.call({ function: "callback" })).text, "called back");
  assert.deepEqual((await agent.call({ function: "fails" })).reset, { code: ResetCode.FunctionThrew, message: "Error: no luck" });
});

for (const [name, text] of Object.entries({
  succeeds: "hello",
  done: "done",
  server: "served",
  wrapped: "inner",
  bound: "bound",
  defaulted: "by default",
  defaults: "third",
  alone: "null",
  early: "first",
  late: "first",
  plain: "plain",
  instance: "instance",
  text: "text",
  unseen: "null",
  date: '"1970-01-01T00:00:00.000Z"',
  web: "web",
}))
  test(`a handler that completes in its own way (${name}) is answered once`, async () => {
    const reply = await agent.call({ function: name });
    assert.deepEqual([reply.text, reply.reset], [text, null]);
  });

test("an emitter, and a value that JSON can't hold, reset with bad-response and the reason", async () => {
  assert.deepEqual((await agent.call({ function: "failed" })).reset, { code: ResetCode.FunctionThrew, message: "no luck" });
  for (const name of ["emitter", "circular", "big", "fn"])
    assert.equal((await agent.call({ function: name })).reset?.code, ResetCode.BadResponse, name);
  assert.deepEqual((await agent.call({ function: "thrown" })).reset, { code: ResetCode.FunctionThrew, message: "undefined" });
});

test("if a handler returns nothing and never completes, the log says so when its time is up", async () => {
  const request = agent.open({}, { function: "never" });
  await new Promise((resolve) => setTimeout(resolve, 50));
  request.reset(ResetCode.Timeout, "");
  assert.equal((await agent.logged("did not call its callback or context.succeed")).stream, request.stream);
});

test("one value in place of a list is taken whole, and bytes are a body", async () => {
  const reply = await agent.call({ function: "lists" });
  assert.deepEqual(
    ["set-cookie", "x-a", "x-b", "x-list"].map((name) => reply.headers[name]),
    ["a=1; Path=/", "notarray", ["1", "2"], ["1", "2"]],
  );
  assert.deepEqual([...reply.body], [1, 255]);
});

test("packages from before version 2.0 find method and path in the event, but its keys do not list them", async () => {
  const reply = await agent.call({ function: "old", method: "PUT", url: "http://x/a/b?c=d" });
  assert.deepEqual(JSON.parse(reply.text), ["PUT", "/a/b", []]);
});

test("the time of a request is as AWS writes it", async () => {
  const { time, timeEpoch } = JSON.parse((await agent.call({})).text).event.requestContext;
  assert.match(time, /^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/);
  assert.equal(Date.parse(time.replace(/\//g, " ").replace(":", " ")), Math.floor(timeEpoch / 1000) * 1000);
});

test("a handler without a result answers null", async () => {
  assert.equal((await agent.call({ function: "nothing" })).text, "null");
});

test("a header that HTTP can't carry resets with bad-response", async () => {
  assert.equal((await agent.call({ function: "badhead" })).reset?.code, ResetCode.BadResponse);
});

test("a streaming function pipes its reply, with metadata, under credit", async () => {
  const reply = await agent.call({ function: "stream" });
  assert.deepEqual([reply.status, reply.headers["x-s"], reply.headers["set-cookie"]], [202, "yes", "c=3"]);
  assert.equal(reply.text, Array.from({ length: 200 }, (_, at) => String(at % 10).repeat(1000)).join(""));
  const plain = await agent.call({ function: "plainstream" });
  assert.deepEqual([plain.status, plain.headers["content-type"], plain.text], [200, "text/x", "ab"]);
});

test("a streaming function learns that its caller has gone", async () => {
  await new Promise<void>((resolve) => {
    const request = agent.open({ data: () => request.reset(ResetCode.Cancelled, ""), closed: () => resolve() }, { function: "endless" });
  });
  assert.equal((await agent.logged("stopped by")).text, "stopped by AbortError");
});

test("a streaming function that throws after its head has its reply cut off", async () => {
  const reply = await agent.call({ function: "midway" });
  assert.deepEqual(reply.reset, { code: ResetCode.FunctionThrew, message: "Error: midway" });
});
