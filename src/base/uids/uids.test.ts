import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { after, test } from "node:test";

import { createUids } from "./uids.ts";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "mayfly-uids-"));
after(() => fs.rmSync(folder, { recursive: true }));

/** A server that takes three user ids, prints them, and lives until it is killed. It begins its search at the same block as every other one. */
function startServer(): ChildProcess {
  const module = JSON.stringify(new URL("uids.ts", import.meta.url).href);
  const program = `
    const { createUids } = await import(${module});
    const uids = createUids({ folder: ${JSON.stringify(folder)}, from: 0 });
    process.stdout.write(JSON.stringify([1, 2, 3].map(() => uids.take().uid)) + "\\n");
    setInterval(() => {}, 1_000);`;
  const node = ["--disable-warning=ExperimentalWarning", "--input-type=module", "-e", program];
  return spawn(process.execPath, node, { stdio: ["ignore", "pipe", "inherit"] });
}

async function uidsOf(server: ChildProcess): Promise<number[]> {
  const [line] = (await once(createInterface(server.stdout!), "line")) as [string];
  return JSON.parse(line) as number[];
}

test("servers that start at once share no user id; what a killed one held is free again", async (context) => {
  const servers = [startServer(), startServer(), startServer()];
  context.after(() => servers.forEach((server) => server.kill("SIGKILL")));
  const held = await Promise.all(servers.map(uidsOf));
  assert.equal(new Set(held.flat()).size, 9, JSON.stringify(held));

  servers[0]!.kill("SIGKILL");
  await once(servers[0]!, "exit");
  const next = startServer();
  servers.push(next);
  assert.deepEqual(await uidsOf(next), held[0]);
});

test("two allocators of one process share no user id either", () => {
  const [one, other] = [createUids({ folder, from: 50 }), createUids({ folder, from: 50 })];
  assert.notEqual(one.take().uid, other.take().uid);
});

test("an id is given out again only once it is released", () => {
  const uids = createUids({ folder, from: 100 });
  const first = uids.take();
  const second = uids.take();
  assert.notEqual(first.uid, second.uid);
  first.release();
  assert.equal(uids.take().uid, first.uid);
});

test("a folder that others can write to is refused", () => {
  const open = path.join(folder, "open");
  fs.mkdirSync(open);
  fs.chmodSync(open, 0o777);
  assert.throws(() => createUids({ folder: open }).take(), /can be written by others/);
});
