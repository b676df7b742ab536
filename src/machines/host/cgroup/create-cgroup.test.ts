import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import { text } from "node:stream/consumers";
import { before, test, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { closeCgroups, createCgroup, sweepCgroups } from "./create-cgroup.ts";
import { detectCgroups } from "./detect.ts";
import { processCpuUs, processStartTime } from "./proc.ts";
import { treesOf } from "./sweep.ts";
import { needControlGroups } from "./testing/need-groups.ts";

before(() => needControlGroups());

const spin = ["-e", "for(;;);"];
const holdAndSpin = ["-e", "const held = Buffer.alloc(8e6, 1); require('node:fs').writeSync(1, 'held'); for(;;) held[0]++;"];
const eat = ["-e", "const all = []; for (;;) all.push(Buffer.alloc(8e6, 1));"];

/** Makes a name unique, because these tests may be running twice on this host. */
const unique = (name: string) => `${name}-${process.pid}`;

function machine(t: TestContext, id: string, script: string[]) {
  const cgroup = createCgroup({ id, memoryMb: 128, vcpus: 0.5 });
  // The process joins by itself. If it were moved, which may take the kernel a while, it would have taken memory elsewhere by then.
  const join = cgroup.joinFiles.map((file) => `echo 0 > '${file}'; `).join("");
  const command = ["-c", `${join}exec "$0" "$@"`, process.execPath, ...script];
  const child = spawn("/bin/sh", command, { stdio: ["ignore", "pipe", "ignore"] });
  t.after(() => cgroup.remove()); // a test that fails leaves nothing that the next one would find
  t.after(() => child.kill("SIGKILL"));
  return { cgroup, child };
}

function foldersNamed(id: string): string[] {
  return treesOf(detectCgroups()).flatMap((tree) => fs.globSync(`${tree}/*/{,*/,*/*/}${id}`));
}

test("counts the CPU and the memory of what runs in it", async (t) => {
  const { cgroup, child } = machine(t, unique("cg-usage"), holdAndSpin);
  await once(child.stdout, "data"); // one that only just started holds next to nothing, whatever CPU that took
  const before = cgroup.usage();
  while (cgroup.usage().cpuUs < before.cpuUs + 50_000) await sleep(10);
  assert.ok(cgroup.usage().memoryBytes > 7_000_000);
  assert.ok(cgroup.usage().memoryBytes < 128 * 1_048_576);
  assert.deepEqual(cgroup.pids(), [child.pid]);
  await cgroup.remove();
});

test("what cannot be read at the moment, of a group that was removed for example, is what was read last", async (t) => {
  const { cgroup, child } = machine(t, unique("cg-last"), holdAndSpin);
  await once(child.stdout, "data");
  const last = cgroup.usage();
  assert.ok(last.cpuUs > 0);
  await cgroup.remove();
  assert.deepEqual(cgroup.usage(), last);
  assert.equal(cgroup.oomKilled(), false);
  assert.deepEqual(cgroup.pids(), []);
});

test("ends what passes the memory limit, and says so", async (t) => {
  const { cgroup, child } = machine(t, unique("cg-oom"), eat);
  const [, signal] = await once(child, "exit");
  assert.equal(signal, "SIGKILL");
  assert.equal(cgroup.oomKilled(), true);
  await cgroup.remove();
});

test("remove ends what still runs and leaves no folder", async (t) => {
  const { cgroup, child } = machine(t, unique("cg-remove"), spin);
  const exit = once(child, "exit");
  while (cgroup.pids().length === 0) await sleep(1);
  assert.equal(foldersNamed(unique("cg-remove")).length, treesOf(detectCgroups()).length);
  await cgroup.remove();
  await cgroup.remove();
  assert.deepEqual(await exit, [null, "SIGKILL"]);
  assert.deepEqual(foldersNamed(unique("cg-remove")), []);
});

test("a sweep removes the groups of servers that no longer run, and only those", async () => {
  const left = spawn(process.execPath, ["--input-type=module", "-e", leaver()], { stdio: ["ignore", "pipe", "inherit"] });
  const exit = once(left, "exit");
  const orphan = Number(await text(left.stdout));
  await exit;
  const mine = createCgroup({ id: unique("cg-mine"), memoryMb: 64, vcpus: 1 });

  await sweepCgroups(); // another test's server may have been first, or be at it: either way it is gone when this ends

  assert.deepEqual(foldersNamed(unique("cg-left")), []);
  assert.equal(processStartTime(orphan), undefined);
  assert.ok(foldersNamed(unique("cg-mine")).length > 0);
  await mine.remove();
  closeCgroups();
  assert.ok(treesOf(detectCgroups()).every((tree) => !fs.readdirSync(tree).some((name) => name.startsWith(`${process.pid}-`))));
});

test("under load each app gets the same share of CPU, however many machines it has, and a machine started ahead of need gets less", async (t) => {
  if (detectCgroups().kind === "none") return;
  const many = Array.from({ length: 4 }, (_, n) => spinner(t, `many-${n}`));
  const one = spinner(t, "one");
  const ahead = spinner(t, "ahead");
  await Promise.all([...many.map(({ cgroup }) => cgroup.assign(unique("many"))), one.cgroup.assign(unique("one"))]);
  const all = [...many, one, ahead];
  const before = all.map(({ cgroup }) => cgroup.usage().cpuUs);
  const used = () => all.map(({ cgroup }, n) => cgroup.usage().cpuUs - (before[n] as number));
  // More than a second of CPU, however long the host takes for it: the kernel evens shares out within milliseconds.
  while (used().reduce((sum, cpuUs) => sum + cpuUs, 0) < 1_500_000) await sleep(50);
  const figures = used();
  const ofMany = figures.slice(0, 4).reduce((sum, cpuUs) => sum + cpuUs, 0);
  const [ofOne, ofAhead] = [figures[4] as number, figures[5] as number];
  assert.ok(ofOne > 0.6 * ofMany && ofOne < 1.6 * ofMany, `one machine ${ofOne}, four of another app ${ofMany}`);
  assert.ok(ofAhead < 0.6 * ofOne, `ahead of need ${ofAhead}, an app ${ofOne}`);
});

test("under load each tenant gets the same share of CPU, however many of its apps are busy, and leaves no group", async (t) => {
  if (detectCgroups().kind === "none") return;
  const many = Array.from({ length: 3 }, (_, n) => spinner(t, `tenants-many-${n}`));
  const one = spinner(t, "tenants-one");
  await Promise.all([
    ...many.map(({ cgroup }, n) => cgroup.assign(unique(`many-${n}`), unique("ten-many"))),
    one.cgroup.assign(unique("one"), unique("ten-one")),
  ]);
  const all = [...many, one];
  const before = all.map(({ cgroup }) => cgroup.usage().cpuUs);
  const used = () => all.map(({ cgroup }, n) => cgroup.usage().cpuUs - (before[n] as number));
  while (used().reduce((sum, cpuUs) => sum + cpuUs, 0) < 1_500_000) await sleep(50);
  const figures = used();
  const ofMany = figures.slice(0, 3).reduce((sum, cpuUs) => sum + cpuUs, 0);
  const ofOne = figures[3] as number;
  assert.ok(ofOne > 0.6 * ofMany && ofOne < 1.6 * ofMany, `a tenant with one app ${ofOne}, one with three ${ofMany}`);
  for (const { cgroup, child } of all) {
    child.kill("SIGKILL");
    await cgroup.remove();
    await cgroup.remove();
  }
  for (const tenant of ["ten-many", "ten-one"]) assert.deepEqual(foldersNamed(`tenant-${unique(tenant)}`), []);
});

test("a machine's account goes on when it gets its app, and neither of its groups is left at its end", async (t) => {
  const { cgroup, child } = spinner(t, "moves");
  while (cgroup.usage().cpuUs < 100_000) await sleep(5);
  const before = cgroup.usage().cpuUs;
  const moving = cgroup.assign(unique("mover"));
  assert.ok(cgroup.usage().cpuUs >= before);
  await moving;
  while (cgroup.usage().cpuUs < before + 100_000) await sleep(5);
  assert.ok(cgroup.usage().cpuUs < processCpuUs(child.pid as number) + 50_000, "nothing is counted twice");
  await cgroup.remove();
  assert.deepEqual(foldersNamed(unique("cg-moves")), []);
  assert.deepEqual(foldersNamed(`app-${unique("mover")}`), []);
});

test("a machine that is hastened gets more CPU than one that is not, and none of its groups is left at its end", async (t) => {
  if (detectCgroups().kind === "none") return;
  const hastened = Promise.withResolvers<void>();
  const awaited = spinner(t, "hastened", hastened.promise);
  const ahead = [spinner(t, "left-1"), spinner(t, "left-2")];
  hastened.resolve();
  while (foldersNamed(unique("cg-hastened")).length <= foldersNamed(unique("cg-left-1")).length) await sleep(5);
  const all = [awaited, ...ahead];
  while (all.some(({ cgroup }) => cgroup.usage().cpuUs === 0)) await sleep(5);
  const before = all.map(({ cgroup }) => cgroup.usage().cpuUs);
  const used = () => all.map(({ cgroup }, n) => cgroup.usage().cpuUs - (before[n] as number)) as [number, number, number];
  while (used()[0] < 800_000) await sleep(20);
  const [ofAwaited, ...ofAhead] = used();
  assert.ok(ofAhead[0] + ofAhead[1] < 0.6 * ofAwaited, `hastened ${ofAwaited}, not ${ofAhead.join(" and ")}`);
  await awaited.cgroup.remove();
  assert.deepEqual(foldersNamed(unique("cg-hastened")), []);
});

test("a machine that ends while it moves leaves nothing", async (t) => {
  const { cgroup, child } = spinner(t, "ends");
  const moving = cgroup.assign(unique("ender"));
  child.kill("SIGKILL");
  await Promise.all([moving, cgroup.remove()]);
  await cgroup.assign(unique("late"));
  assert.deepEqual(foldersNamed(unique("cg-ends")), []);
});

/** All on one CPU, where they get in each other's way whatever else this host has. */
function spinner(t: TestContext, name: string, awaited?: Promise<void>) {
  const id = unique(`cg-${name}`);
  const cgroup = createCgroup({ id, memoryMb: 128, vcpus: 1, awaited });
  const join = cgroup.joinFiles.map((file) => `echo 0 > '${file}'; `).join("");
  const child = spawn("/bin/sh", ["-c", `${join}exec taskset -c 0 sh -c 'while :; do :; done'`], { stdio: "ignore" });
  t.after(() => cgroup.remove());
  t.after(() => child.kill("SIGKILL"));
  return { cgroup, child };
}

/** A server that starts a machine and is killed. */
function leaver(): string {
  const module = JSON.stringify(new URL("create-cgroup.ts", import.meta.url).href);
  return `
    const { createCgroup } = await import(${module});
    const { spawn } = await import("node:child_process");
    const cgroup = createCgroup({ id: ${JSON.stringify(unique("cg-left"))}, memoryMb: 64, vcpus: 1 });
    const child = spawn("sleep", ["600"], { stdio: "ignore", detached: true });
    cgroup.add(child.pid);
    process.stdout.write(String(child.pid), () => process.kill(process.pid, "SIGKILL"));
  `;
}
