/** Programs that fail to start, end, stream, and take several invocations at a time. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { afterwards } from "../../../base/testing/afterwards.ts";
import { until } from "../../../base/clock/until.ts";
import { processStartTime } from "../../../machines/host/cgroup/proc.ts";
import { ResetCode } from "../../../wire/protocol.ts";
import type { BindMessage } from "../../../wire/protocol.ts";
import { type ProgramAgent, startProgramAgent } from "../../testing/program-agent.ts";
import { bootstrap } from "../testing/bootstrap.ts";

async function started(t: TestContext, programs: Record<string, string>, message: Partial<BindMessage> = {}): Promise<ProgramAgent> {
  const agent = await startProgramAgent();
  afterwards(t, () => agent.kill());
  await agent.bindProvided(programs, message);
  return agent;
}

test("a program that can't start resets with function-load-failed and the reason; the machine lives on", async (t) => {
  const agent = await started(t, {
    exits: `#!/bin/sh\necho "no config" >&2; exit 3\n`,
    interpreter: `#!/no/such/shell\n`,
    text: "neither a script nor a program",
    reports: bootstrap(
      "null",
      `post("init/error", JSON.stringify({ errorType: "Setup.NoKey", errorMessage: "the key is missing" })); setInterval(() => {}, 1000); if (false)`,
    ),
    good: bootstrap(`async () => "good"`),
  });
  const reasons: [string, string][] = [
    ["exits", "The program exits of function exits ended with code 3 before it asked for its first invocation"],
    ["interpreter", "The program interpreter of function interpreter could not be started: ENOENT, which means"],
    ["text", "The program text of function text ended with code 127 before it asked for its first invocation"],
    ["reports", "Setup.NoKey: the key is missing"],
  ];
  for (const [name, reason] of reasons) {
    const { reset, stream } = await agent.call({ function: name });
    assert.equal(reset?.code, ResetCode.FunctionLoadFailed, name);
    assert.ok(reset.message.startsWith(reason), reset.message);
    assert.ok(
      agent.logs.some((line) => line.stream === stream && line.text.startsWith(reason)),
      name,
    );
  }
  assert.ok(agent.logs.some(({ text, stream }) => text === "no config" && stream === 0));
  assert.equal((await agent.call({ function: "good" })).text, "good");
});

test("what a program has started ends with it when it reports that it can't start", async (t) => {
  const sleeper = `require("node:child_process").spawn("sleep", ["600"], { detached: true, env: {}, stdio: "ignore" })`;
  const agent = await started(t, {
    main: bootstrap("null", `console.log("child " + ${sleeper}.pid); post("init/error", "{}"); setInterval(() => {}, 1000); if (false)`),
  });
  assert.equal((await agent.call()).reset?.code, ResetCode.FunctionLoadFailed);
  const child = Number((await agent.logged("child ")).text.slice("child ".length));
  await until(() => processStartTime(child) === undefined);
});

test("a program that could not start is started again at the next call", async (t) => {
  const agent = await started(t, { main: `#!/bin/sh\nexit 1\n` });
  assert.equal((await agent.call()).reset?.code, ResetCode.FunctionLoadFailed);
  agent.write("main", bootstrap(`async () => "at last"`));
  assert.equal((await agent.call()).text, "at last");
});

test("a program that ends while it works ends its machine, and what it printed is in the log", async (t) => {
  const agent = await started(t, { main: bootstrap(`async () => { console.log("last words"); process.abort() }`) });
  agent.open({});
  await agent.dead;
  assert.ok(agent.logs.some(({ text }) => text === "last words"));
  assert.ok(
    agent.logs.some(
      ({ text, level }) => level === 4 && text === "The program main of function main was ended by SIGABRT, which ends its machine",
    ),
  );
});

test("a program that ends when it has answered is started again at the next call", async (t) => {
  const agent = await started(t, {
    main: bootstrap(`async (event, { id }) => { await post("invocation/" + id + "/response", String(process.pid)); process.exit(0) }`),
  });
  const first = await agent.call();
  await agent.logged("The program main of function main ended with code 0. It is started again when it is called.");
  const second = await agent.call();
  assert.deepEqual([first.reset, second.reset], [null, null]);
  assert.notEqual(first.text, second.text);
});

test("a program never outlives its agent", async (t) => {
  const agent = await started(t, {
    quits: bootstrap(`async () => { process.exit(1) }`),
    main: bootstrap(`async () => process.pid`),
  });
  const pid = Number((await agent.call()).text);
  agent.open({}, { function: "quits" });
  await agent.dead;
  await until(() => !isAlive(pid));
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test("a program takes as many invocations at a time as it asks for, up to what the Bind says", async (t) => {
  const source = bootstrap(
    `async (event, { id }) => { if (++count === Number(process.env.AWS_LAMBDA_MAX_CONCURRENCY)) open(); await all; console.log("about " + id + " only"); console.log("about nobody"); return id }`,
    `let count = 0, open; const all = new Promise((go) => (open = go));`,
  );
  const agent = await started(t, { main: source }, { concurrency: 5 });
  const replies = await Promise.all(Array.from({ length: 5 }, () => agent.call()));
  assert.equal(new Set(replies.map(({ text }) => text)).size, 5);
  for (const { text: id, stream } of replies) assert.equal((await agent.logged(`about ${id} only`)).stream, stream);
});

test("variables say how many invocations a program may ask for, at most 64", async (t) => {
  const own = bootstrap(`async () => process.env.AWS_LAMBDA_MAX_CONCURRENCY ?? "none"`);
  for (const [concurrency, told] of [
    [1, "none"],
    [1_000, "64"],
  ] as const) {
    const agent = await started(t, { main: own }, { concurrency });
    assert.equal((await agent.call()).text, told);
  }
});

test("calls that wait for a program that asks for one at a time are told to the host as delay", async (t) => {
  const agent = await started(t, { main: bootstrap(`async () => { await new Promise((go) => setTimeout(go, 400)); return 1 }`) });
  await Promise.all(Array.from({ length: 4 }, () => agent.call()));
  await until(() => agent.stats.some(({ loopDelayMeanMs }) => loopDelayMeanMs > 100));
});

test("a streamed response is passed on as it comes, with status and headers from its prelude", async (t) => {
  const agent = await started(t, {
    main: bootstrap(`async (event, { id }) => {
      const [kind] = event.rawPath?.slice(1).split("/") ?? ["prelude"];
      const type = kind === "plain" ? "text/x" : "application/vnd.awslambda.http-integration-response";
      await post("invocation/" + id + "/response", async (request) => {
        const wait = () => new Promise((go) => setTimeout(go, 20));
        if (kind !== "plain") {
          request.write(JSON.stringify({ statusCode: 203, headers: { "x-s": "1" }, cookies: ["c=1"] }) + "\\0\\0\\0");
          await wait();
          if (kind === "short") return request.end();
          request.write("\\0\\0\\0\\0\\0one ");
        } else request.write("one ");
        await wait();
        request.write("two");
        if (kind === "breaks") return request.destroy();
        if (kind === "trailer") request.addTrailers({ "Lambda-Runtime-Function-Error-Type": "My.Error", "Lambda-Runtime-Function-Error-Body": Buffer.from(JSON.stringify({ errorMessage: "midway" })).toString("base64") });
        request.end();
      }, { "lambda-runtime-function-response-mode": "streaming", "content-type": type, "transfer-encoding": "chunked", trailer: "Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body" }).catch(() => {});
      return answered;
    }`),
  });
  const whole = await agent.call({ url: "http://x/prelude" });
  assert.deepEqual([whole.status, whole.text, whole.headers["x-s"], whole.headers["set-cookie"]], [203, "one two", "1", "c=1"]);
  const plain = await agent.call({ url: "http://x/plain" });
  assert.deepEqual([plain.status, plain.text, plain.headers["content-type"]], [200, "one two", "text/x"]);
  const trailer = await agent.call({ url: "http://x/trailer" });
  assert.deepEqual([trailer.status, trailer.reset], [203, { code: ResetCode.FunctionThrew, message: "My.Error: midway" }]);
  const breaks = await agent.call({ url: "http://x/breaks" });
  assert.equal(breaks.reset?.code, ResetCode.FunctionThrew);
  assert.equal((await agent.call({ url: "http://x/short" })).reset?.code, ResetCode.BadResponse);
  const event = await agent.call({ input: { kind: "event" } });
  assert.equal(event.text, `{"statusCode":203,"headers":{"x-s":"1"},"cookies":["c=1"]}${"\0".repeat(8)}one two`);
});

test("a stream is read no faster than its caller takes it, and the program is free when the caller goes away", async (t) => {
  const agent = await started(t, {
    main: bootstrap(`async (event, { id }) => {
      if (event.rawPath === "/next") return "free";
      const { status } = await post("invocation/" + id + "/response", (request) => {
        const go = () => { while (!over && request.write(Buffer.alloc(65536))) sent += 65536; };
        let sent = 0, over = false;
        request.on("drain", go).on("error", () => (over = true)).on("response", () => { over = true; console.log("sent " + sent); request.destroy() });
        setTimeout(() => console.log("stuck at " + sent), 500);
        go();
      }, { "lambda-runtime-function-response-mode": "streaming", "transfer-encoding": "chunked" });
      console.log("status " + status);
      return answered;
    }`),
  });
  const closed = Promise.withResolvers<void>();
  const request = agent.open({ closed: () => closed.resolve() });
  const { text } = await agent.logged("stuck at");
  assert.ok(Number(text.slice(9)) < 16e6, text);
  request.reset(ResetCode.Cancelled, "");
  await closed.promise;
  assert.equal((await agent.call({ url: "http://x/next" })).text, "free");
  await agent.logged("status 202");
});

test("a stream whose metadata is none of a reply resets with bad-response, and the program goes on", async (t) => {
  const agent = await started(t, {
    main: bootstrap(`async (event, { id }) => {
      if (event.rawPath === "/next") return "goes on";
      const headers = { "content-type": "application/vnd.awslambda.http-integration-response" };
      await post("invocation/" + id + "/response", (request) => request.end(JSON.stringify({ headers: [5] }) + "\\0".repeat(8) + "body"), headers);
      return answered;
    }`),
  });
  assert.equal((await agent.call()).reset?.code, ResetCode.BadResponse);
  assert.equal((await agent.call({ url: "http://x/next" })).text, "goes on");
});
