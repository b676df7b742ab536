import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { InvocationInput } from "../wire/host-end.ts";
import { LogLevel, ResetCode } from "../wire/protocol.ts";
import { type RunningAgent, startAgentProcess, traceparent } from "./testing/running-agent.ts";

let agent: RunningAgent;

before(async () => {
  agent = await startAgentProcess();
  await agent.bind({
    main: `exports.handler = async (event, context) => ({ event, version: context.functionVersion, stream: context.logStreamName })`,
    nothing: `exports.handler = async () => {}`,
    reply: `exports.handler = async () => ({ statusCode: 404, headers: { "x-a": "1" }, body: "as it is" })`,
    throws: `exports.handler = async () => { throw new TypeError("no luck") }`,
    odd: `exports.handler = async () => { throw { toJSON() { throw 1 }, toString() { throw 2 } } }`,
    circular: `exports.handler = async () => { const a = {}; a.a = a; return a }`,
    broken: `throw new Error("at load")`,
    stream: `exports.handler = awslambda.streamifyResponse(async (event, stream) => { stream.write(event.say); stream.end("!") })`,
    meta: `exports.handler = awslambda.streamifyResponse(async (event, stream) => {
      stream = awslambda.HttpResponseStream.from(stream, { statusCode: 201 }); stream.end("body") })`,
    midway: `exports.handler = awslambda.streamifyResponse(async (event, stream) => { stream.write("some"); throw new Error("midway") })`,
    fetch: `exports.default = { async fetch(request, env, ctx) {
      const { method, url } = request; const type = request.headers.get("content-type");
      return Response.json({ method, url, type, event: await request.json(), kind: ctx.kind, attempt: ctx.attempt, trace: ctx.traceparent, state: ctx.tracestate }, { headers: { "x-a": "1" } });
    } }`,
    refuses: `exports.default = { fetch: () => new Response("not now", { status: 503, headers: { "x-a": "1" } }) }`,
    large: `exports.default = { fetch: () => new Response("x".repeat(300000)) }`,
  });
});
after(() => agent.kill());

const send = (name: string, body?: string) =>
  agent.call({ function: name, input: { kind: "event" }, ...(body === undefined ? {} : { body }) });

test("a Lambda handler gets the event itself, and its result goes back as JSON without headers", async () => {
  const reply = await send("main", '{"a":[1,"ü"]}');
  assert.deepEqual([reply.status, reply.headers, reply.reset], [200, {}, null]);
  assert.deepEqual(JSON.parse(reply.text), { event: { a: [1, "ü"] }, version: "7", stream: "7" });
  assert.deepEqual(JSON.parse((await send("main")).text).event, {});
  assert.equal((await send("nothing", "1")).text, "null");
});

test("a result that looks like an HTTP reply is sent as it is", async () => {
  const reply = await send("reply", "{}");
  assert.deepEqual([reply.status, reply.headers], [200, {}]);
  assert.deepEqual(JSON.parse(reply.text), { statusCode: 404, headers: { "x-a": "1" }, body: "as it is" });
});

test("a handler that throws answers an event with the error as a document, and logs it", async () => {
  const reply = await send("throws", "{}");
  assert.deepEqual([reply.status, reply.headers, reply.reset], [500, {}, null]);
  const { errorType, errorMessage, trace } = JSON.parse(reply.text) as { errorType: string; errorMessage: string; trace: string[] };
  assert.deepEqual([errorType, errorMessage, trace[0]], ["TypeError", "no luck", "TypeError: no luck"]);
  assert.equal((await agent.logged("no luck")).level, LogLevel.Error);
  const odd = await send("odd", "{}");
  assert.deepEqual([odd.status, JSON.parse(odd.text).errorMessage], [500, "the function threw a value that can't be shown"]);
  const unreadable = await send("main", "{no json");
  assert.deepEqual([unreadable.status, JSON.parse(unreadable.text).errorType], [500, "SyntaxError"]);
});

test("a result that JSON cannot hold, and code that does not load, reset an event as they reset a request", async () => {
  assert.equal((await send("circular", "{}")).reset?.code, ResetCode.BadResponse);
  assert.equal((await send("broken", "{}")).reset?.code, ResetCode.FunctionLoadFailed);
});

test("a streaming handler's bytes go back as they are, after its metadata", async () => {
  assert.equal((await send("stream", '{"say":"hello"}')).text, "hello!");
  assert.equal((await send("meta", "{}")).text, `{"statusCode":201}${"\0".repeat(8)}body`);
  const midway = await send("midway", "{}");
  assert.deepEqual([midway.text, midway.reset?.code], ["some", ResetCode.FunctionThrew]);
});

test("a fetch handler gets an event as a POST, and says by its status whether it failed", async () => {
  const reply = await agent.call({ function: "fetch", input: { kind: "event" }, body: "[1]", attempt: 3 });
  assert.deepEqual([reply.status, reply.headers], [200, {}]);
  const request = { method: "POST", url: "http://event.mayfly.internal/", type: "application/json", event: [1] };
  assert.deepEqual(JSON.parse(reply.text), { ...request, kind: "event", attempt: 3, trace: traceparent, state: "" });
  const refused = await send("refuses", "{}");
  assert.deepEqual([refused.status, refused.headers, refused.text], [500, {}, "not now"]);
  const large = await send("large", "{}");
  assert.deepEqual([large.status, large.headers, large.body.length], [200, {}, 300_000]);
});

test("a caller's request is of kind http, whatever its Host header says", async () => {
  const reply = await agent.call({ function: "fetch", method: "POST", url: "http://event.mayfly.internal/", body: "1" });
  assert.deepEqual([JSON.parse(reply.text).kind, JSON.parse(reply.text).attempt], ["http", 1]);
});

test("a kind or an event form that a later host sends is refused, and the agent goes on", async () => {
  const later = [{ kind: "later" }, { kind: "http", event: "alb", method: "GET", url: "http://a/", headers: [] }];
  for (const input of later as unknown as InvocationInput[]) {
    assert.equal((await agent.call({ function: "main", input })).reset?.code, ResetCode.Refused);
  }
  assert.equal((await send("main", "1")).status, 200);
});

test("code from a source that the agent does not know is refused at the Bind, by its name", async (context) => {
  const other = await startAgentProcess();
  context.after(() => other.kill());
  const source = { type: "volume" } as unknown as { type: "frames"; bytes: number };
  const bound = other.bind({}, { functions: [{ name: "main", format: "cjs", source, handler: "handler" }] });
  await assert.rejects(bound, (error: Error) => /comes from "volume", which this agent does not know/.test((error.cause as Error).message));
});
