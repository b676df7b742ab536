/** Hello, Ready, the warm function, rehearsals, and the one Bind for good. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { rootCertificates } from "node:tls";
import { type BindFunction, LogLevel, PROTOCOL_VERSION, REHEARSAL_APP, ResetCode, WARM_FUNCTION } from "../../wire/protocol.ts";
import type { AgentAdapter } from "./adapter.ts";
import { event, functionOf, openSession, refusal, to } from "./session.ts";

export function describeLife(adapter: AgentAdapter): void {
  test("Ready names the protocol, the runtime's version and the kernel", async (t) => {
    const { protocol, node, kernel, agent } = (await openSession(t, adapter)).ready;
    assert.deepEqual([protocol, kernel], [PROTOCOL_VERSION, "host"]);
    assert.match(node, adapter.runtimeVersion);
    assert.notEqual(agent, "");
  });

  test("before the Bind only mayfly:warm is answered, every turn of it with success and nothing but debug lines; after it only the app is", async (t) => {
    const session = await openSession(t, adapter);
    for (let turn = 0; turn < 20; turn++) {
      const { status, reset } = await session.call({
        function: WARM_FUNCTION,
        method: turn % 2 ? "GET" : "POST",
        body: turn % 2 ? "" : "{}",
      });
      assert.deepEqual({ reset, success: status >= 200 && status < 300 }, { reset: null, success: true });
    }
    assert.deepEqual(
      session.logs.filter(({ level }) => level !== LogLevel.Debug),
      [],
    );
    assert.equal((await session.call(to("echo"))).reset?.code, ResetCode.FunctionNotFound);
    await session.bindTo(["echo"]);
    assert.equal((await session.call({ function: WARM_FUNCTION })).reset?.code, ResetCode.FunctionNotFound);
    assert.equal((await session.call(to("same"))).reset?.code, ResetCode.FunctionNotFound);
    assert.equal((await session.call(to("echo"))).status, 201);
  });

  test("the app's environment has its own variables and those for Lambda's habits, and nothing else of the host's but what programs need", async (t) => {
    const session = await openSession(t, adapter);
    const env = { OWN: "täxt\n", MAYFLY_VERSION: "mine", LANG: "xx" };
    await session.bindTo(["surroundings"], { env, revision: "7", memoryMb: 300 });
    const seen = JSON.parse((await session.call(to("surroundings"))).text) as { env: Record<string, string> };
    const usual = new Set(["PATH", "HOME", "LANG", "TMPDIR", "TZ", "LD_LIBRARY_PATH"]);
    const others = Object.entries(seen.env).filter(([name]) => !usual.has(name));
    assert.equal(seen.env["LANG"], "xx");
    assert.deepEqual(Object.fromEntries(others), {
      MAYFLY_APP: "app",
      MAYFLY_VERSION: "mine",
      AWS_LAMBDA_FUNCTION_NAME: "surroundings",
      AWS_LAMBDA_FUNCTION_VERSION: "7",
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "300",
      LAMBDA_TASK_ROOT: session.taskRoot,
      OWN: "täxt\n",
    });
  });

  test("an authority is in files that variables of programs name, besides those of the system; the app's own variables take precedence", async (t) => {
    const session = await openSession(t, adapter);
    await session.bindTo(["surroundings"], { app: REHEARSAL_APP });
    const authority = rootCertificates[0]!;
    await session.bindTo(["surroundings"], { authority, env: { CURL_CA_BUNDLE: "own" } });
    const { env } = JSON.parse((await session.call(to("surroundings"))).text) as { env: Record<string, string> };
    for (const name of ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "AWS_CA_BUNDLE", "GIT_SSL_CAINFO"])
      assert.ok(readFileSync(env[name]!, "utf8").endsWith(`\n${authority}`), name);
    for (const name of ["NODE_EXTRA_CA_CERTS", "DENO_CERT"]) assert.equal(readFileSync(env[name]!, "utf8"), authority, name);
    assert.equal(env["CURL_CA_BUNDLE"], "own");
  });

  test("an app of several functions is called by its own name", async (t) => {
    const session = await openSession(t, adapter);
    await session.bindTo(["surroundings", "echo"]);
    const seen = JSON.parse((await session.call(to("surroundings"))).text) as { env: Record<string, string> };
    assert.equal(seen.env["AWS_LAMBDA_FUNCTION_NAME"], "app");
  });

  test("rehearsals may come any number of times; each is forgotten at the next Bind: its functions, its state, its variables", async (t) => {
    const session = await openSession(t, adapter);
    for (let round = 0; round < 3; round++) {
      await session.bindTo(["counts", "echo"], { app: REHEARSAL_APP, env: { OF_REHEARSAL: String(round) } });
      for (const count of ["1", "2"]) assert.equal((await session.call(event("counts"))).text, count);
      assert.equal((await session.call({ function: WARM_FUNCTION })).reset, null);
      assert.equal((await session.call(event("counts"))).text, "3");
    }
    await session.bindTo(["counts", "surroundings"]);
    assert.equal((await session.call(event("counts"))).text, "1");
    assert.equal((await session.call(to("echo"))).reset?.code, ResetCode.FunctionNotFound);
    assert.doesNotMatch((await session.call(to("surroundings"))).text, /OF_REHEARSAL/);
    assert.equal(session.stats.length, 0, "reports begin with the Bind for good");
  });

  test("a second Bind is refused, and the first stays", async (t) => {
    const session = await openSession(t, adapter);
    await session.bindTo(["counts"]);
    assert.equal((await session.call(event("counts"))).text, "1");
    for (const app of ["other", REHEARSAL_APP]) await assert.rejects(session.bindTo(["echo"], { app }), refusal(/bound/));
    assert.equal((await session.call(event("counts"))).text, "2");
  });

  test("the preloaded function is evaluated before Bound, and the others at their first call; each once", async (t) => {
    const session = await openSession(t, adapter);
    await session.bindTo(["counts"], { preload: "counts" });
    assert.deepEqual(
      session.logs.map(({ stream, text }) => [stream, text]),
      [[0, "at load"]],
    );
    await Promise.all(Array.from({ length: 10 }, () => session.call(event("counts"))));
    assert.equal((await session.call(event("counts"))).text, "11");
    const other = await openSession(t, adapter);
    await other.bindTo(["counts", "echo"], { preload: "echo" });
    assert.deepEqual(other.logs, []);
    await Promise.all(Array.from({ length: 10 }, () => other.call(event("counts"))));
    assert.equal((await other.call(event("counts"))).text, "11");
    assert.equal(other.logs.filter(({ text, stream }) => text === "at load" && stream === 0).length, 1);
  });

  test("code that fails at its preload is logged, does not refuse the Bind, and fails again at its call", async (t) => {
    const session = await openSession(t, adapter);
    await session.bindTo(["broken", "echo"], { preload: "broken" });
    const line = await session.logged("not loadable");
    assert.deepEqual([line.stream, line.level], [0, LogLevel.Error]);
    for (let time = 0; time < 2; time++) assert.equal((await session.call(to("broken"))).reset?.code, ResetCode.FunctionLoadFailed);
    assert.equal((await session.call(to("echo"))).status, 201);
  });

  test("a Bind with a source or a format that the agent does not know is refused, by its name", async (t) => {
    const source = { type: "volume", path: "/x" } as unknown as BindFunction["source"];
    const ofSource = (await openSession(t, adapter)).bindTo([], { functions: [functionOf(adapter, "echo", source)] });
    await assert.rejects(ofSource, refusal(/"volume".*does not know/));
    const format = "cobol" as BindFunction["format"];
    const strange = { ...functionOf(adapter, "echo", { type: "frames", bytes: 0 }), format };
    await assert.rejects((await openSession(t, adapter)).bindTo([], { functions: [strange] }), refusal(/cobol/));
  });

  test("fields that the agent does not know are ignored", async (t) => {
    const session = await openSession(t, adapter);
    await session.bindTo(["echo"], { concurrency: 12, later: { anything: [1] } } as object);
    assert.equal((await session.call(to("echo"))).status, 201);
  });

  test("the agent ends when its channel does", async (t) => {
    const { child } = await openSession(t, adapter);
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.stdio[3]!.destroy();
    assert.equal(await ended, 0);
  });
}
