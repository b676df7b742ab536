import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";

import { processStartTime } from "../cgroup/proc.ts";
import { closeRunFolder, createRunFolder, sweepRunFolders } from "./run-folder.ts";
import { afterwards } from "../../../base/testing/afterwards.ts";

function temporary(t: { after(undo: () => void): void }): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "mayfly-run-"));
  afterwards(t, () => fs.rmSync(folder, { recursive: true }));
  return folder;
}

test("a sweep ends and removes what a killed server left, and nothing of a living one", async (t) => {
  const runDir = temporary(t);
  const server = spawn(process.execPath, ["--input-type=module", "-e", leaver(runDir)], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(server.stdout, "data")) as [Buffer];
  const orphan = Number(line.toString());
  await once(server, "exit");
  assert.notEqual(processStartTime(orphan), undefined);
  const mine = createRunFolder(runDir, "process", "mine");

  sweepRunFolders(runDir, "process");

  while (processStartTime(orphan) !== undefined) await new Promise(setImmediate);
  assert.deepEqual(fs.readdirSync(path.join(runDir, "process")), [path.basename(path.dirname(mine.folder))]);
  closeRunFolder(runDir, "process");
  assert.deepEqual(fs.readdirSync(runDir), []);
});

test("a process that only has the noted pid by chance is spared", async (t) => {
  const runDir = temporary(t);
  const innocent = spawn("sleep", ["600"], { stdio: "ignore", detached: true });
  afterwards(t, () => void innocent.kill("SIGKILL"));
  const left = path.join(runDir, "process", "999999999-1", "m1");
  fs.mkdirSync(left, { recursive: true });
  fs.writeFileSync(path.join(left, ".process"), `${innocent.pid} 1\n`);

  sweepRunFolders(runDir, "process");

  assert.notEqual(processStartTime(innocent.pid as number), undefined);
  assert.equal(fs.existsSync(left), false);
});

/** A server that starts a machine and is killed. */
function leaver(runDir: string): string {
  const module = JSON.stringify(new URL("run-folder.ts", import.meta.url).href);
  return `
    const { createRunFolder } = await import(${module});
    const { spawn } = await import("node:child_process");
    const run = createRunFolder(${JSON.stringify(runDir)}, "process", "left");
    const child = spawn("sleep", ["600"], { stdio: "ignore", detached: true });
    run.note(child.pid);
    process.stdout.write(String(child.pid), () => process.kill(process.pid, "SIGKILL"));
  `;
}
