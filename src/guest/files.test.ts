/** An app's files: they come with its Bind, and are where code looks for them before any of it runs. */
import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { afterwards } from "../base/testing/afterwards.ts";
import { filesBundle, LIST_AT } from "../store/catalog/app-files.ts";
import { type BindFiles, REHEARSAL_APP } from "../wire/protocol.ts";
import { type RunningAgent, startAgentProcess } from "./testing/running-agent.ts";

const reads = `const fs = require("fs");
const all = (folder) => fs.readdirSync(folder, { recursive: true }).filter((name) => fs.statSync(folder + "/" + name).isFile()).sort();
const seen = { root: process.env.LAMBDA_TASK_ROOT, cwd: process.cwd(), text: fs.existsSync("views/a.txt") && fs.readFileSync("views/a.txt", "utf8") };
exports.default = { fetch: () => Response.json({ ...seen, all: all(process.env.LAMBDA_TASK_ROOT) }) };`;

test("files are below the task root, which is the working directory, before code is evaluated", async (t) => {
  const { agent, taskRoot } = await start(t);
  const large = Buffer.alloc(3_000_000, "0123456789");
  const { message, bytes } = bundled(
    { "views/a.txt": "hello", "views/deep/er/b.bin": large, empty: "", "bin/run": "#!/bin/sh\n" },
    "bin/run",
  );
  await agent.bind({ main: reads }, { files: message, preload: "main" }, bytes);
  const { text } = await agent.call({ function: "main" });
  const all = ["bin/run", "empty", "views/a.txt", "views/deep/er/b.bin"];
  assert.deepEqual(JSON.parse(text), { root: taskRoot, cwd: taskRoot, text: "hello", all });
  assert.ok(fs.readFileSync(path.join(taskRoot, "views/deep/er/b.bin")).equals(large));
  const modes = ["bin/run", "empty"].map((name) => fs.statSync(path.join(taskRoot, name)).mode & 0o777);
  assert.deepEqual(modes, [0o755, 0o644]);
});

test("a rehearsal's files are gone at the next Bind", async (t) => {
  const { agent } = await start(t);
  const rehearsed = bundled({ "old/a.txt": "old", "views/a.txt": "old" });
  await agent.bind({ main: reads }, { app: REHEARSAL_APP, files: rehearsed.message }, rehearsed.bytes);
  const own = bundled({ "views/a.txt": "new" });
  await agent.bind({ main: reads }, { files: own.message }, own.bytes);
  const { text, all } = JSON.parse((await agent.call({ function: "main" })).text) as { text: string; all: string[] };
  assert.deepEqual([text, all], ["new", ["views/a.txt"]]);
});

test("a function's code may be one of the files", async (t) => {
  const { agent } = await start(t);
  const { message, bytes } = bundled({ "src/main.cjs": `exports.default = { fetch: () => new Response("from a file") };` });
  const source = { type: "file" as const, path: "src/main.cjs" };
  await agent.bind({}, { files: message, functions: [{ name: "main", format: "cjs", source, handler: "handler" }] }, bytes);
  assert.equal((await agent.call({ function: "main" })).text, "from a file");
});

test("files that cannot be written, or come in an unknown way, and formats of other agents refuse the Bind", async (t) => {
  const { message, bytes } = bundled({ a: "1" });
  const blocked = await start(t);
  fs.writeFileSync(blocked.taskRoot, "a file where the folder should be");
  await assert.rejects(blocked.agent.bind({ main: reads }, { files: message }, bytes), cause(/EEXIST/));
  const later = { type: "tape" } as unknown as BindFiles;
  const fresh = async () => (await start(t)).agent;
  await assert.rejects((await fresh()).bind({ main: reads }, { files: later }), cause(/come as "tape", which this agent does not know/));
  const functions = [{ name: "main", format: "python" as const, source: { type: "file" as const, path: "a.py" }, handler: "handler" }];
  await assert.rejects((await fresh()).bind({}, { functions }), cause(/of the format python, which this agent cannot run/));
});

async function start(t: Parameters<typeof afterwards>[0]): Promise<{ agent: RunningAgent; taskRoot: string }> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "mayfly-files-"));
  afterwards(t, () => fs.rmSync(folder, { recursive: true }));
  const taskRoot = path.join(folder, "task");
  const agent = await startAgentProcess({ taskRoot });
  afterwards(t, () => agent.kill());
  return { agent, taskRoot };
}

function bundled(files: Record<string, string | Buffer>, executable = ""): { message: BindFiles; bytes: Buffer } {
  const list = Object.entries(files).map(([name, text]) => ({ path: name, content: Buffer.from(text), executable: name === executable }));
  const code = Buffer.from(filesBundle(list).code);
  const length = code.readUInt32LE(0);
  return { message: { type: "frames", list: length, bytes: code.length - LIST_AT - length }, bytes: code.subarray(LIST_AT) };
}

function cause(expected: RegExp): (error: unknown) => boolean {
  return (error) => expected.test(String((error as Error).cause));
}
