/** Programs of the Runtime API in machines that become templates. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { afterwards } from "../../../base/testing/afterwards.ts";
import { type ProgramAgent, startProgramAgent } from "../../testing/program-agent.ts";
import { bootstrap } from "../testing/bootstrap.ts";

/** Does as AWS's runtimes do: says that it is initialised, and goes on when it runs in a clone. @param afterRestore JavaScript @param handler replies with what came of that */
function knowing(afterRestore: string, handler = `async () => restored`): string {
  const source = bootstrap(
    handler,
    `let restored = "never";
    async function restore() {
      if (process.env.AWS_LAMBDA_INITIALIZATION_TYPE !== "snap-start") return;
      console.log("before the snapshot");
      const { status } = await call("GET", "restore/next");
      restored = "status " + status;
      ${afterRestore}
    }`,
  );
  return source.replace(/for \(let polls.*\n/, (loop) => `restore().then(() => { ${loop} });\n`);
}

test("a program that asks for the restore is initialised, and is told of it in the clone", async (t) => {
  const agent = await started(t, knowing(`console.log("after the restore");`));
  assert.deepEqual(lines(agent), ["before the snapshot"]);
  assert.equal((await restore(agent)).failed, undefined);
  assert.deepEqual(lines(agent), ["before the snapshot", "after the restore"]);
  assert.equal((await agent.call({ input: { kind: "event" } })).text, '"status 200"');
});

test("a program that ends in a clone is started again as in any machine, with no restore to wait for", async (t) => {
  const ends = `async (event, { id }) => {
    await post("invocation/" + id + "/response", JSON.stringify(restored));
    process.exit(0);
  }`;
  const agent = await started(t, knowing("", ends));
  await restore(agent);
  assert.equal((await agent.call({ input: { kind: "event" } })).text, '"status 200"');
  await agent.logged("It is started again when it is called");
  assert.equal((await agent.call({ input: { kind: "event" } })).text, '"never"');
});

test("a program that does not ask for the restore cannot be cloned, because nobody could seed its generators anew", async (t) => {
  const binding = started(t, bootstrap(`async () => "same"`));
  await assert.rejects(binding, (error: Error) =>
    /the initialisation failed: .*before it has asked for restore\/next/.test(String(error.cause)),
  );
});

test("what a program reports or does instead of going on is told in Ready", async (t) => {
  const reports = await started(
    t,
    knowing(`await post("restore/error", '{"errorType":"Own","errorMessage":"no luck"}'); process.exit(64);`),
  );
  assert.match((await restore(reports)).failed!, /after the restore failed: .*Own: no luck/);
  const ends = await started(t, knowing(`process.exit(3);`));
  assert.match((await restore(ends)).failed!, /ended with code 3 after the restore/);
});

test("a machine that becomes no template has no restore to wait for", async (t) => {
  const agent = await startProgramAgent();
  afterwards(t, () => agent.kill());
  await agent.bindProvided({ main: bootstrap(`async () => (await call("GET", "restore/next")).status`) });
  assert.equal((await agent.call({ input: { kind: "event" } })).text, "403");
});

async function started(t: TestContext, main: string): Promise<ProgramAgent> {
  const agent = await startProgramAgent();
  afterwards(t, () => agent.kill());
  await agent.bindProvided({ main }, { snapshot: true });
  return agent;
}

function restore(agent: ProgramAgent) {
  return agent.host.resume(Date.now(), Buffer.alloc(64, "clone"), "m-clone", false, { restored: true });
}

function lines({ logs }: ProgramAgent): string[] {
  return logs.filter(({ level }) => level === 1).map(({ text }) => text);
}
