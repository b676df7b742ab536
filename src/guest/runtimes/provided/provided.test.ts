/** Programs that speak the Runtime API, in a real agent over the real wire. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ResetCode } from "../../../wire/protocol.ts";
import { type ProgramAgent, startProgramAgent } from "../../testing/program-agent.ts";
import { bootstrap } from "../testing/bootstrap.ts";

const programs: Record<string, string> = {
  main: bootstrap(`async (event, { headers }) => ({ event, headers, env: process.env, cwd: process.cwd() })`),
  full: bootstrap(
    `async () => ({ statusCode: 201, headers: { "X-A": 1 }, cookies: ["a=1", "b=2"], body: "bWFkZQ==", isBase64Encoded: true })`,
  ),
  echo: bootstrap(`async (event, { body }) => event?.body ?? body`),
  fails: bootstrap(`async () => { throw new TypeError("no luck") }`),
  odd: bootstrap(`async (event, { id }) => { await post("invocation/" + id + "/response", event.rawPath.slice(1)); return answered }`),
  ids: bootstrap(`async (event, { id }) => {
    const before = await post("invocation/nobody/response", "1");
    const now = await post("invocation/" + id + "/response", '"first"');
    const again = await post("invocation/" + id + "/response", '"second"');
    const error = await post("invocation/" + id + "/error", "{}");
    const init = await post("init/error", "{}");
    const path = await post("no/such/path", "{}");
    console.log("statuses " + JSON.stringify([before, now, again, error, init, path].map(({ status, body }) => [status, JSON.parse(body).errorType ?? JSON.parse(body).status])));
    return answered;
  }`),
  large: bootstrap(
    `async (event, { id }) => { const { status } = await post("invocation/" + id + "/response", '"' + "x".repeat(20e6) + '"'); console.log("large " + status); return answered }`,
  ),
  prints: bootstrap(
    `async (event) => { process.stdout.write("one\\ntw"); process.stdout.write("o\\n"); process.stderr.write("three"); return "printed" }`,
    `console.log("starting")`,
  ),
  paths: bootstrap(
    `async (event, { id }) => { const fs = require("node:fs"); for (const path of ["/dev/stdout", "/dev/stderr", "/proc/self/fd/1"]) fs.writeFileSync(path, "by " + path + "\\n"); return "written" }`,
  ),
  slow: bootstrap(
    `async (event, { id }) => { console.log("begun " + event.rawPath); await new Promise((go) => setTimeout(go, 300)); console.log("late " + event.rawPath); return "slow" }`,
  ),
};

let agent: ProgramAgent;

before(async () => {
  agent = await startProgramAgent();
  await agent.bindProvided(programs, { env: { OWN: "yes", _HANDLER: "mine" } });
});
after(() => agent.kill());

test("a program gets an HTTP API event, what AWS tells about an invocation, and AWS's variables", async () => {
  const started = Date.now();
  const reply = await agent.call({
    method: "POST",
    url: "http://api.example.com/a/b?c=d",
    headers: ["content-type", "text/plain"],
    body: "hi",
  });
  assert.equal(reply.reset, null);
  assert.equal(reply.headers["content-type"], "application/json");
  const { event, headers, env, cwd } = JSON.parse(reply.text);
  assert.deepEqual([event.version, event.rawPath, event.rawQueryString, event.body], ["2.0", "/a/b", "c=d", "hi"]);
  assert.equal(headers["lambda-runtime-aws-request-id"], event.requestContext.requestId);
  assert.equal(headers["lambda-runtime-invoked-function-arn"], "arn:aws:lambda:mayfly:000000000000:function:app-main");
  assert.equal(headers["lambda-runtime-trace-id"], "Root=1-0af76519-16cd43dd8448eb211c80319c;Parent=b7ad6b7169203331;Sampled=1");
  const deadline = Number(headers["lambda-runtime-deadline-ms"]);
  assert.ok(deadline > started && deadline <= Date.now() + 5_000, String(deadline));
  assert.deepEqual(
    ["OWN", "_HANDLER", "LAMBDA_TASK_ROOT", "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "MAYFLY_APP"].map(
      (name) => env[name],
    ),
    ["yes", "main.handler", agent.taskRoot, "main", "256", "app"],
  );
  assert.equal(cwd, agent.taskRoot);
  for (const name of ["HOST_ONLY", "MAYFLY_CHANNEL", "MAYFLY_TASK_ROOT", "AWS_LAMBDA_MAX_CONCURRENCY"])
    assert.equal(env[name], undefined, name);
});

test("an object with statusCode sets status, headers and cookies", async () => {
  const reply = await agent.call({ function: "full" });
  assert.deepEqual([reply.status, reply.text, reply.headers["x-a"], reply.headers["set-cookie"]], [201, "made", "1", ["a=1", "b=2"]]);
});

test("an event comes as it was sent, and its result goes back as it is", async () => {
  const event = await agent.call({ function: "echo", input: { kind: "event" }, body: '{"n":1}' });
  assert.deepEqual([event.status, event.text], [200, JSON.stringify('{"n":1}')]);
  assert.equal((await agent.call({ function: "echo", input: { kind: "event" } })).text, '"{}"');
});

test("an error that the program reports resets with function-threw, and the log has its stack", async () => {
  const reply = await agent.call({ function: "fails" });
  assert.deepEqual(reply.reset, { code: ResetCode.FunctionThrew, message: "TypeError: no luck" });
  const line = await agent.logged("TypeError: no luck");
  assert.equal(line.stream, reply.stream);
  assert.match(line.text, /^TypeError: no luck\n +at handler/);
});

test("an error at an event is the reply, as the program reported it", async () => {
  const reply = await agent.call({ function: "fails", input: { kind: "event" } });
  assert.equal(reply.status, 500);
  const { errorType, errorMessage, stackTrace } = JSON.parse(reply.text);
  assert.deepEqual([errorType, errorMessage, stackTrace[0]], ["TypeError", "no luck", "TypeError: no luck"]);
});

test("a response that is no JSON, or no reply, resets with bad-response", async () => {
  for (const body of ["nonsense", "%7B%22statusCode%22", '{"statusCode":99}', '{"statusCode":200,"headers":{"a":"b\\nc"}}']) {
    const reply = await agent.call({ function: "odd", url: `http://x/${body}` });
    assert.equal(reply.reset?.code, ResetCode.BadResponse, body);
  }
  const empty = await agent.call({ function: "odd", url: "http://x/" });
  assert.deepEqual([empty.status, empty.text], [200, ""]);
});

test("an invocation of an id that the program works on is refused, and the first one is answered", async () => {
  const first = agent.call({ function: "slow", id: "id-twice", url: "http://x/twice" });
  await agent.logged("begun /twice");
  assert.equal((await agent.call({ function: "slow", id: "id-twice" })).reset?.code, ResetCode.Refused);
  assert.equal((await first).text, "slow");
});

test("ids that are unknown or answered, and paths that do not exist, are refused as AWS refuses them", async () => {
  assert.equal((await agent.call({ function: "ids" })).text, "first");
  const { text } = await agent.logged("statuses");
  assert.deepEqual(JSON.parse(text.slice(9)), [
    [400, "InvalidRequestID"],
    [202, "OK"],
    [400, "InvalidRequestID"],
    [400, "InvalidRequestID"],
    [403, "InvalidStateTransition"],
    [404, "NotFound"],
  ]);
});

test("a large response that is not streamed is refused, and the program goes on", async () => {
  assert.equal((await agent.call({ function: "large" })).reset?.code, ResetCode.BadResponse);
  assert.equal((await agent.logged("large 413")).text, "large 413");
});

test("lines belong to the only invocation in flight, and those from before the first to the app", async () => {
  const reply = await agent.call({ function: "prints" });
  assert.deepEqual([reply.text, (await agent.logged("starting")).stream], ["printed", 0]);
  const lines = agent.logs.filter(({ stream }) => stream === reply.stream).map(({ text, level }) => [text, level]);
  await agent.logged("three");
  assert.deepEqual(lines.slice(0, 2), [
    ["one", 1],
    ["two", 1],
  ]);
});

test("what a program writes to its outputs by their paths is logged", async () => {
  assert.equal((await agent.call({ function: "paths" })).text, "written");
  for (const path of ["/dev/stdout", "/dev/stderr", "/proc/self/fd/1"]) await agent.logged(`by ${path}`);
});

test("an invocation whose time is up stays the program's until it answers, which it may do late", async () => {
  const reset = Promise.withResolvers<void>();
  const request = agent.open({ closed: () => reset.resolve() }, { function: "slow", url: "http://x/1" });
  await agent.logged("begun /1");
  request.reset(ResetCode.Timeout, "");
  // It waits in the agent, because the program asks for one at a time. Nobody wants it any more before it is its turn.
  const second = Promise.withResolvers<void>();
  const waiting = agent.open({ closed: () => second.resolve() }, { function: "slow", url: "http://x/2" });
  waiting.reset(ResetCode.Cancelled, "");
  await second.promise;
  assert.equal(
    agent.logs.some(({ text }) => text === "late /1"),
    false,
  );
  await reset.promise;
  assert.equal((await agent.logged("late /1")).stream, request.stream);
  assert.equal((await agent.call({ function: "slow", url: "http://x/3" })).text, "slow");
  assert.equal(
    agent.logs.some(({ text }) => text.endsWith("/2")),
    false,
  );
});

test("a connection that asks for another protocol is refused, as the Runtime API has no form for it", async () => {
  const input = { kind: "upgrade", protocol: "websocket", method: "GET", url: "http://h/", headers: [] as string[] } as const;
  assert.equal((await agent.call({ input })).reset?.code, ResetCode.Refused);
  assert.equal((await agent.call()).status, 200);
});
