import assert from "node:assert/strict";
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
  const body = Buffer.from([0xff, 0, 1, 0x80]);
  const reply = await agent.call({ function: "binary", method: "POST", headers: ["content-type", "image/png"], body });
  assert.ok(reply.body.equals(body));
});

test("the callback style replies and fails", async () => {
  assert.equal((await agent.call({ function: "callback" })).text, "called back");
  assert.deepEqual((await agent.call({ function: "fails" })).reset, { code: ResetCode.FunctionThrew, message: "Error: no luck" });
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
    const request = agent.open({ data: () => request.reset(ResetCode.Cancelled, ""), closed: resolve }, { function: "endless" });
  });
  assert.equal((await agent.logged("stopped by")).text, "stopped by AbortError");
});

test("a streaming function that throws after its head has its reply cut off", async () => {
  const reply = await agent.call({ function: "midway" });
  assert.deepEqual(reply.reset, { code: ResetCode.FunctionThrew, message: "Error: midway" });
});
