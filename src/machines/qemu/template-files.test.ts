import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { promisify } from "node:util";

import { createMemoryFile } from "./libc.ts";
import { withFileLock } from "./file-lock.ts";
import { loadTemplate, pruneTemplates, saveTemplate } from "./template-files.ts";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "mayfly-templates-"));
after(() => fs.rmSync(folder, { recursive: true }));

function memoryWithHoles(): number {
  const memory = createMemoryFile("test");
  fs.ftruncateSync(memory, 16 * 1_048_576);
  fs.writeSync(memory, "start", 0);
  fs.writeSync(memory, "middle", 5 * 1_048_576 + 4_090);
  return memory;
}

test("a template comes back as it was saved, empty pages cost nothing, and nobody can change it", async () => {
  const file = path.join(folder, "one");
  const memory = memoryWithHoles();
  await saveTemplate(file, { memory, state: Buffer.from("state") }, "an-image");
  assert.ok(fs.statSync(path.join(file, "memory")).blocks * 512 < 1_048_576);

  const loaded = await loadTemplate(file);
  assert.ok(loaded !== undefined);
  assert.equal(loaded.state.toString(), "state");
  assert.ok(fs.readFileSync(`/proc/self/fd/${loaded.memory}`).equals(fs.readFileSync(`/proc/self/fd/${memory}`)));
  assert.ok(fs.fstatSync(loaded.memory).blocks * 512 < 1_048_576);
  const again = fs.openSync(`/proc/self/fd/${loaded.memory}`, "r+");
  assert.throws(() => fs.writeSync(again, "x", 0), { code: "EPERM" });
  assert.throws(() => fs.ftruncateSync(again, 0), { code: "EPERM" });
  for (const fd of [again, loaded.memory, memory]) fs.closeSync(fd);
});

test("a template that isn't there is undefined", async () => {
  assert.equal(await loadTemplate(path.join(folder, "absent")), undefined);
});

test("the longest unused templates are removed", () => {
  const parent = path.join(folder, "many");
  for (let n = 0; n < 9; n++) {
    fs.mkdirSync(path.join(parent, `t${n}`), { recursive: true });
    fs.utimesSync(path.join(parent, `t${n}`), n, n);
  }
  pruneTemplates(parent);
  assert.deepEqual(fs.readdirSync(parent).toSorted(), ["t3", "t4", "t5", "t6", "t7", "t8"]);
});

test("a second process waits for the lock, and gets it when the first is killed", async () => {
  const file = path.join(folder, "lock");
  const module = JSON.stringify(new URL("file-lock.ts", import.meta.url).href);
  const hold = `const { withFileLock } = await import(${module});
    await withFileLock(${JSON.stringify(file)}, () => new Promise((resolve) => { console.log("held"); setTimeout(resolve, 1e6); }));`;
  const holder = spawn(process.execPath, ["--input-type=module", "-e", hold], { stdio: ["ignore", "pipe", "ignore"] });
  await once(holder.stdout, "data");
  let entered = false;
  const waiting = withFileLock(file, async () => (entered = true));
  await promisify(execFile)(process.execPath, ["-e", "0"]);
  assert.equal(entered, false);
  holder.kill("SIGKILL");
  assert.equal(await waiting, true);
});
