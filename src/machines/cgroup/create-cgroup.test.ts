import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { closeCgroups, createCgroup, sweepCgroups } from "./create-cgroup.ts";
import { detectCgroups } from "./detect.ts";
import { processStartTime } from "./proc.ts";
import { treesOf } from "./sweep.ts";

const spin = ["-e", "for(;;);"];
const eat = ["-e", "const all = []; for (;;) all.push(Buffer.alloc(8e6, 1));"];

function machine(id: string, script: string[]) {
  const cgroup = createCgroup({ id, memoryMb: 128, vcpus: 0.5 });
  const child = spawn(process.execPath, script, { stdio: "ignore" });
  cgroup.add(child.pid as number);
  return { cgroup, child };
}

function foldersNamed(id: string): string[] {
  const all = treesOf(detectCgroups()).flatMap((tree) => fs.readdirSync(tree).map((owner) => path.join(tree, owner, id)));
  return all.filter((folder) => fs.existsSync(folder));
}

test("counts the CPU and the memory of what runs in it", async () => {
  const { cgroup, child } = machine("cg-usage", spin);
  const before = cgroup.usage();
  while (cgroup.usage().cpuUs < before.cpuUs + 50_000) await sleep(10);
  assert.ok(cgroup.usage().memoryBytes > 1_000_000);
  assert.ok(cgroup.usage().memoryBytes < 128 * 1_048_576);
  assert.deepEqual(cgroup.pids(), [child.pid]);
  await cgroup.remove();
});

test("ends what passes the memory limit, and says so", async () => {
  const { cgroup, child } = machine("cg-oom", eat);
  const [, signal] = await once(child, "exit");
  if (cgroup.kind !== "none") {
    assert.equal(signal, "SIGKILL");
    assert.equal(cgroup.oomKilled(), true);
  } else child.kill("SIGKILL");
  await cgroup.remove();
});

test("remove ends what still runs and leaves no folder", async () => {
  const { cgroup, child } = machine("cg-remove", spin);
  const exit = once(child, "exit");
  assert.equal(foldersNamed("cg-remove").length, treesOf(detectCgroups()).length);
  await cgroup.remove();
  await cgroup.remove();
  assert.deepEqual(await exit, [null, "SIGKILL"]);
  assert.deepEqual(foldersNamed("cg-remove"), []);
});

test("a sweep removes the groups of a server that is no more, and only those", async () => {
  const left = spawn(process.execPath, ["--input-type=module", "-e", leaver()], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(left.stdout, "data")) as [Buffer];
  const orphan = Number(line.toString());
  await once(left, "exit");
  assert.ok(foldersNamed("cg-left").length > 0);
  const mine = createCgroup({ id: "cg-mine", memoryMb: 64, vcpus: 1 });

  assert.ok((await sweepCgroups()) >= 1);

  assert.deepEqual(foldersNamed("cg-left"), []);
  assert.equal(processStartTime(orphan), undefined);
  assert.ok(foldersNamed("cg-mine").length > 0);
  await mine.remove();
  closeCgroups();
  assert.ok(treesOf(detectCgroups()).every((tree) => !fs.readdirSync(tree).some((name) => name.startsWith(`${process.pid}-`))));
});

/** A server that starts a machine and is killed. */
function leaver(): string {
  const module = JSON.stringify(new URL("create-cgroup.ts", import.meta.url).href);
  return `
    const { createCgroup } = await import(${module});
    const { spawn } = await import("node:child_process");
    const cgroup = createCgroup({ id: "cg-left", memoryMb: 64, vcpus: 1 });
    const child = spawn("sleep", ["600"], { stdio: "ignore", detached: true });
    cgroup.add(child.pid);
    process.stdout.write(String(child.pid), () => process.kill(process.pid, "SIGKILL"));
  `;
}
