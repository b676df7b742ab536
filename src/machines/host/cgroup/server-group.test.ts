import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { before, test, type TestContext } from "node:test";

import { closeCgroups, createCgroup, sweepCgroups } from "./create-cgroup.ts";
import { hostHome, ownCpuFolder } from "./detect.ts";
import { serverName } from "./owner.ts";
import { processCpuUs, processStartTime } from "./proc.ts";
import { joinServerGroup } from "./server-group.ts";
import { treesOf } from "./sweep.ts";
import { needControlGroups } from "./testing/need-groups.ts";
import { until } from "../../../base/clock/until.ts";
import { withShare } from "./with-share.ts";

before(() => needControlGroups());

const WAIT_MS = 60_000;
const own = () => ownCpuFolder(hostHome().kind as "v1" | "v2");
const groupOf = (pid: number) => ownCpuFolder(hostHome().kind as "v1" | "v2", `/proc/${pid}`);
const foldersNamed = (name: string) => treesOf(hostHome()).flatMap((tree) => fs.globSync(`${tree}/{,*/,*/*/}${name}`));

test("however many apps compute, the server gets more than all of their machines together", async (t) => {
  const group = joinServerGroup();
  t.after(() => group.leave());
  const machines = await Promise.all(Array.from({ length: 4 }, (_, n) => machine(t, n)));
  const server = spinner(t);
  const loops = [server, ...machines];
  const start = loops.map(processCpuUs);
  const used = () => loops.map((pid, n) => processCpuUs(pid) - (start[n] as number));
  // More than two seconds of CPU, however long the host takes for it: the kernel evens shares out within milliseconds.
  await until(() => sum(used()) > 2_000_000, { ms: WAIT_MS });
  const [ofServer, ...ofApps] = used();
  t.diagnostic(`CPU time of the server ${ofServer} µs, of four apps ${ofApps.join(", ")} µs`);
  assert.ok((ofServer as number) > 2 * sum(ofApps), `the server ${ofServer} µs, four apps ${ofApps.join(", ")} µs`);
});

test("a server is in its group until the last one of this process has left, and nothing is left of it", async () => {
  const before = own();
  const [first, second] = [joinServerGroup(), joinServerGroup()];
  assert.equal(first.lacks, undefined);
  assert.equal(path.basename(own() as string), serverName);
  const child = spawn("sleep", ["600"], { stdio: "ignore" });
  try {
    assert.equal(groupOf(child.pid!), own());
    await first.leave();
    await first.leave();
    assert.equal(path.basename(own() as string), serverName);
    await second.leave();
    assert.equal(own(), before);
    assert.equal(groupOf(child.pid!), before, "what was started meanwhile goes along");
    assert.deepEqual(foldersNamed(serverName), []);
  } finally {
    child.kill("SIGKILL");
  }
});

test("a server that comes while another of the process leaves stays in the group", async () => {
  const first = joinServerGroup();
  const leaving = first.leave();
  const second = joinServerGroup();
  await leaving;
  assert.equal(path.basename(own() as string), serverName);
  await second.leave();
  assert.deepEqual(foldersNamed(serverName), []);
});

test("processes of the server that are not machines have a share beside the apps', and leave no group", async () => {
  const group = joinServerGroup();
  const child = spawn("sleep", ["600"], { stdio: "ignore" });
  await withShare("templates", async (join) => {
    join(child.pid!);
    assert.match(groupOf(child.pid!) as string, /\/mayfly\/\d+-\d+\/templates\/[0-9a-f-]+$/);
  });
  await until(() => processStartTime(child.pid!) === undefined, { ms: WAIT_MS });
  await assert.rejects(
    withShare("work", () => Promise.reject(new Error("it did not work"))),
    /it did not work/,
  );
  await withShare("work", async (join) => join(child.pid!)); // one that ended at once
  await group.leave();
  closeCgroups();
  assert.deepEqual(
    [...foldersNamed("templates"), ...foldersNamed("work")].filter((folder) => folder.includes(`/${process.pid}-`)),
    [],
  );
});

test("the group of a server that was killed is swept, with what it started there", async () => {
  const left = spawn(process.execPath, ["--input-type=module", "-e", leaver()], { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  for await (const chunk of left.stdout) said += String(chunk);
  const [name, orphan] = said.split(" ") as [string, string];
  assert.equal(foldersNamed(name).length, 1);
  await sweepCgroups(); // another test's server may have been first, or be at it: either way it is gone when this ends
  assert.equal(processStartTime(Number(orphan)), undefined);
  assert.deepEqual(foldersNamed(name), []);
});

/** A server that starts something and is killed. */
function leaver(): string {
  const module = (name: string) => JSON.stringify(new URL(name, import.meta.url).href);
  return `
    const { joinServerGroup } = await import(${module("server-group.ts")});
    const { serverName } = await import(${module("owner.ts")});
    const { spawn } = await import("node:child_process");
    joinServerGroup();
    const child = spawn("sleep", ["600"], { stdio: "ignore", detached: true });
    process.stdout.write(serverName + " " + child.pid, () => process.kill(process.pid, "SIGKILL"));
  `;
}

/** An app's machine that computes. Returns its process. */
async function machine(t: TestContext, n: number): Promise<number> {
  const cgroup = createCgroup({ id: `cg-server-${n}-${process.pid}`, memoryMb: 128, vcpus: 1, share: { app: `${process.pid}-${n}` } });
  t.after(() => cgroup.remove());
  const pid = spinner(t);
  cgroup.add(pid);
  return pid;
}

/** All on one CPU, where they get in each other's way whatever else this host has. */
function spinner(t: TestContext): number {
  const child = spawn("/bin/sh", ["-c", "exec taskset -c 0 sh -c 'while :; do :; done'"], { stdio: "ignore" });
  t.after(() => child.kill("SIGKILL"));
  return child.pid!;
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
