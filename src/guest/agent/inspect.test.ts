import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { test, type TestContext } from "node:test";
import { afterwards } from "../../base/testing/afterwards.ts";
import { type RunningAgent, startAgentProcess } from "../testing/running-agent.ts";

const app = { main: `exports.default = { fetch: () => new Response(require("node:inspector").url() ?? "closed") };` };

/** An agent, and where a host listens for the inspector of its machine. */
async function set(context: TestContext) {
  const opened: Socket[] = [];
  const server = createServer((socket) => void opened.push(socket)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const agent = await startAgentProcess();
  afterwards(context, async () => {
    await agent.kill();
    server.close();
  });
  const resume = (extras: Parameters<RunningAgent["host"]["resume"]>[4]) =>
    agent.host.resume(Date.now(), Buffer.alloc(64, "again"), "m-test", false, extras);
  return { agent, server, opened, resume, inspector: `tcp:127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** What the guest says first: the address of its inspector. */
async function firstFrame(socket: Socket): Promise<string> {
  let told = Buffer.alloc(0);
  while (told.length < 8 || told.length < 8 + told.readUInt32LE(4)) told = Buffer.concat([told, (await once(socket, "data"))[0] as Buffer]);
  assert.equal(told.readUInt32LE(0), 0);
  return told.toString("latin1", 8);
}

test("a Resume that names a channel for debuggers has the inspector opened once the machine is an app's, and carried there", async (context) => {
  const { agent, server, opened, resume, inspector } = await set(context);
  await resume({ inspector });
  const rehearsed = { app: "mayfly:rehearsal" };
  await agent.bind(app, rehearsed);
  assert.equal((await agent.call({})).text, "closed");
  assert.equal(opened.length, 0);
  const connected = once(server, "connection") as Promise<[Socket]>;
  await agent.bind(app);
  const [socket] = await connected;
  assert.equal(await firstFrame(socket), (await agent.call({})).text);
  // Every Resume names it.
  await resume({ inspector });
  assert.match((await agent.call({})).text, /^ws:/);
  assert.equal(opened.length, 1);
});

test("without that word no inspector is opened, whatever the other Resumes say", async (context) => {
  const { agent, opened, resume } = await set(context);
  await resume({});
  await agent.bind(app);
  await resume({});
  assert.equal((await agent.call({})).text, "closed");
  assert.equal(opened.length, 0);
});

test("the clone of an app's snapshot opens it at its restore, and the machine that was frozen does not", async (context) => {
  const { agent, server, opened, resume, inspector } = await set(context);
  await agent.bind(app, { snapshot: true });
  assert.equal(opened.length, 0);
  const connected = once(server, "connection") as Promise<[Socket]>;
  await resume({ restored: true, inspector });
  const [socket] = await connected;
  assert.equal(await firstFrame(socket), (await agent.call({})).text);
});
