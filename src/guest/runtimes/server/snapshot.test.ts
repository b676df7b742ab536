/** Servers in machines that become templates. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { afterwards } from "../../../base/testing/afterwards.ts";
import { type ProgramAgent, startProgramAgent } from "../../testing/program-agent.ts";

/** Replies with what it has seen so far. @param extra JavaScript that runs before it listens */
function source(extra = ""): string {
  return `const http = require("node:http");
let requests = 0, signals = 0;
const handler = (request, response) => server.getConnections((_error, connections) =>
  response.end(JSON.stringify({ requests: ++requests, signals, connections, type: process.env.AWS_LAMBDA_INITIALIZATION_TYPE ?? null })));
process.on("SIGCONT", () => { signals += 1; console.log("continued"); });
const server = http.createServer(handler);
${extra}
server.listen(process.env.PORT, process.env.HOST, () => console.log("listening"));`;
}

async function frozen(t: TestContext, sources: Record<string, string>): Promise<ProgramAgent> {
  const agent = await startProgramAgent();
  afterwards(t, () => agent.kill());
  for (const [name, text] of Object.entries(sources)) agent.write(`${name}.cjs`, text);
  await agent.bindServers(Object.fromEntries(Object.keys(sources).map((name) => [name, [process.execPath, `${name}.cjs`]])), {
    snapshot: true,
  });
  return agent;
}

function restore(agent: ProgramAgent) {
  return agent.host.resume(Date.now(), Buffer.alloc(64, "clone"), "m-clone", false, { restored: true });
}

test("all servers listen before the freeze, and none has a connection or has seen a request; in the clone they hear SIGCONT", async (t) => {
  const agent = await frozen(t, { main: source(), other: source() });
  assert.equal((await restore(agent)).failed, undefined);
  const printed = (text: string) => agent.logs.filter((line) => line.text === text).length;
  await agent.logged("continued");
  assert.equal(printed("listening"), 2);
  for (const name of ["main", "other"]) {
    const seen = JSON.parse((await agent.call({ function: name })).text);
    // The connection is that of this call.
    assert.deepEqual(seen, { requests: 1, signals: 1, connections: 1, type: "snap-start" }, name);
  }
  assert.equal(printed("continued"), 2);
});

test("all threads and processes of a Node program seed their generators anew in the clone, before the first request", async (t) => {
  // Each draws from the kernel for OpenSSL and for Math.random.
  const counting = `const fs = require("node:fs"); const { openSync } = fs; let drawn = 0; fs.openSync = (path, ...more) => { drawn += path === "/dev/urandom" ? 1 : 0; return openSync(path, ...more) };`;
  const thread = `${counting} const { parentPort } = require("node:worker_threads"); parentPort.on("message", () => parentPort.postMessage(drawn))`;
  const child = `${counting} process.on("message", () => process.send(drawn))`;
  const agent = await frozen(t, {
    main: `${counting}
const worker = new (require("node:worker_threads").Worker)(${JSON.stringify(thread)}, { eval: true });
fs.writeFileSync("child.cjs", ${JSON.stringify(child)});
const child = require("node:child_process").fork("child.cjs");
const asked = (who, ask) => new Promise((resolve) => { who.once("message", resolve); ask() });
const others = () => Promise.all([asked(worker, () => worker.postMessage("")), asked(child, () => child.send(""))]);
const server = require("node:http").createServer(async (_request, response) => response.end(JSON.stringify([drawn, ...(await others()), Math.random() < 1])));
others().then(() => server.listen(process.env.PORT));`,
  });
  assert.equal((await restore(agent)).failed, undefined);
  assert.deepEqual(JSON.parse((await agent.call()).text), [2, 2, 2, true]);
});

test("a thread that never answers is told in the log, and the program goes on", async (t) => {
  const agent = await frozen(t, {
    main: `const thread = new (require("node:worker_threads").Worker)("require('node:worker_threads').parentPort.postMessage(''); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)", { eval: true });
thread.once("message", () => { ${source()} });`,
  });
  assert.equal((await restore(agent)).failed, undefined);
  await agent.logged("has not seeded its random generators in this clone");
  assert.equal((await agent.call()).status, 200);
});

test("a server that does not care for the signal never notices it", async (t) => {
  const plain = `require("node:http").createServer((_request, response) => response.end("as ever")).listen(process.env.PORT)`;
  const agent = await frozen(t, { main: plain });
  await restore(agent);
  assert.equal((await agent.call()).text, "as ever");
});

test("a server that does not come to listen refuses the Bind", async (t) => {
  const binding = frozen(t, { main: source(), other: source(`process.exit(3);`) });
  await assert.rejects(binding, (error: Error) =>
    /the initialisation failed: .*of function other ended with code 3 before it listened/.test(String(error.cause)),
  );
});

test("in a machine that becomes no template, a server starts at its first call, and hears nothing", async (t) => {
  const agent = await startProgramAgent();
  afterwards(t, () => agent.kill());
  agent.write("main.cjs", source());
  await agent.bindServers({ main: [process.execPath, "main.cjs"] });
  assert.equal(agent.logs.length, 0);
  assert.deepEqual(JSON.parse((await agent.call()).text), { requests: 1, signals: 0, connections: 1, type: null });
});
