import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { promisify } from "node:util";

import { createMemoryFile } from "../../base/libc/libc.ts";
import { withFileLock } from "../host/file-lock.ts";
import { DamagedTemplate, loadTemplate, pruneTemplates, saveTemplate } from "./template-files.ts";

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

/** Ways in which a template's folder may be damaged, and what the error says. */
const damages: Record<string, { damage: (file: (name: string) => string) => void; says: RegExp }> = {
  "a flipped bit of memory": { damage: (file) => flip(file("memory"), 5 * 1_048_576 + 4_090), says: /memory is not as it was saved/ },
  "a page of memory that was empty": { damage: (file) => flip(file("memory"), 9 * 1_048_576), says: /memory is not as it was saved/ },
  "a page of memory that was lost": {
    damage: (file) => overwrite(file("memory"), 0, Buffer.alloc(4_096)),
    says: /memory is not as it was/,
  },
  "a shorter memory": { damage: (file) => fs.truncateSync(file("memory"), 8 * 1_048_576), says: /memory has 8388608 bytes, not 16777216/ },
  "a longer memory": { damage: (file) => fs.truncateSync(file("memory"), 32 * 1_048_576), says: /memory has 33554432 bytes/ },
  "an empty memory": { damage: (file) => fs.truncateSync(file("memory"), 0), says: /memory has 0 bytes/ },
  "a flipped bit of state": { damage: (file) => flip(file("state"), 2), says: /state is not as it was saved/ },
  "a shorter state": { damage: (file) => fs.truncateSync(file("state"), 3), says: /state has 3 bytes, not 5/ },
  "an empty state": { damage: (file) => fs.truncateSync(file("state"), 0), says: /state has 0 bytes/ },
  "no memory": { damage: (file) => fs.rmSync(file("memory")), says: /ENOENT/ },
  "no state": { damage: (file) => fs.rmSync(file("state")), says: /ENOENT/ },
  "no description, as a folder that is half deleted": { damage: (file) => fs.rmSync(file("template.json")), says: /ENOENT/ },
  "an empty description": { damage: (file) => fs.truncateSync(file("template.json"), 0), says: /description is not valid/ },
  "a description of nonsense": { damage: (file) => fs.writeFileSync(file("template.json"), '{"memory":[]}'), says: /is not valid/ },
  "a folder in place of the state": { damage: (file) => (fs.rmSync(file("state")), fs.mkdirSync(file("state"))), says: /state has|EISDIR/ },
  "a folder in place of the memory": {
    damage: (file) => (fs.rmSync(file("memory")), fs.mkdirSync(file("memory"))),
    says: /memory has|EISDIR/,
  },
  "a file in place of the folder": {
    damage: (file) => (fs.rmSync(file("."), { recursive: true }), fs.writeFileSync(file("."), "")),
    says: /ENOTDIR/,
  },
  "the place of another": { damage: (file) => moveAway(file(".")), says: /template of something else/ },
};

function overwrite(file: string, at: number, bytes: Buffer): void {
  const fd = fs.openSync(file, "r+");
  fs.writeSync(fd, bytes, 0, bytes.length, at);
  fs.closeSync(fd);
}

function flip(file: string, at: number): void {
  overwrite(file, at, Buffer.from([(fs.readFileSync(file)[at] ?? 0) ^ 1]));
}

/** Moves the folder as if a backup had been restored under another key: of another QEMU, image or size. */
function moveAway(folder: string): void {
  fs.renameSync(folder, `${folder}-before`);
  fs.cpSync(`${folder}-before`, folder, { recursive: true });
  const file = path.join(folder, "template.json");
  fs.writeFileSync(file, fs.readFileSync(file, "utf8").replace(path.basename(folder), "another-key"));
}

for (const [index, [name, { damage, says }]] of Object.entries(damages).entries()) {
  test(`a template with ${name} is recognised as damaged`, async () => {
    const folderOfIt = path.join(folder, `damaged-${index}`);
    const memory = memoryWithHoles();
    await saveTemplate(folderOfIt, { memory, state: Buffer.from("state") }, "an-image");
    fs.closeSync(memory);
    damage((file) => path.join(folderOfIt, file));
    const open = fs.readdirSync("/proc/self/fd").length;
    await assert.rejects(loadTemplate(folderOfIt), (error: Error) => error instanceof DamagedTemplate && says.test(error.message));
    assert.equal(fs.readdirSync("/proc/self/fd").length, open, "descriptors");
  });
}

test("the longest unused templates are removed", () => {
  const parent = path.join(folder, "many");
  const names = Array.from({ length: 35 }, (_, n) => `t${n}`);
  for (const [n, name] of names.entries()) {
    fs.mkdirSync(path.join(parent, name), { recursive: true });
    fs.utimesSync(path.join(parent, name), n, n);
  }
  pruneTemplates(parent);
  assert.deepEqual(fs.readdirSync(parent).toSorted(), names.slice(3).toSorted());
});

test("a second process waits for the lock, and gets it when the first is killed", async () => {
  const file = path.join(folder, "lock");
  const module = JSON.stringify(new URL("../host/file-lock.ts", import.meta.url).href);
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
