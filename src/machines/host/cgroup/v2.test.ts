/** Version 2, tested by its files alone, in a folder laid out like the kernel's, because a host has its controllers in one version only. */
import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";

import { until } from "../../../base/clock/until.ts";
import { createCgroup } from "./create-cgroup.ts";
import { detectCgroups } from "./detect.ts";
import { ownerName, serverName } from "./owner.ts";
import { joinServerGroup } from "./server-group.ts";
import { withShare } from "./with-share.ts";

/** The kernel puts its files into every new folder; here we do. */
function group(folder: string): string {
  fs.mkdirSync(folder, { recursive: true });
  const files = ["cgroup.procs", "cgroup.subtree_control", "cpu.weight", "memory.swap.max", "pids.max"];
  for (const file of files) fs.writeFileSync(path.join(folder, file), "");
  fs.writeFileSync(path.join(folder, "cgroup.controllers"), "cpuset cpu io memory pids\n");
  return folder;
}

function host(t: { after(undo: () => void): void }, own: string) {
  const base = fs.mkdtempSync(path.join(os.tmpdir(), "mayfly v2-"));
  t.after(() => fs.rmSync(base, { recursive: true }));
  const root = group(path.join(base, "cgroup"));
  const parent = group(path.join(root, own.endsWith(".service") ? own : "/"));
  const ours = group(path.join(parent, "mayfly", ownerName));
  group(path.join(parent, "mayfly"));
  const proc = path.join(base, "self");
  fs.mkdirSync(proc);
  fs.writeFileSync(path.join(proc, "cgroup"), `0::${own}\n`);
  const mountPoint = root.replaceAll(" ", "\\040");
  fs.writeFileSync(path.join(proc, "mountinfo"), `30 23 0:26 / ${mountPoint} rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n`);
  for (const share of ["ahead", "awaited", "awaited/m1", "app-shop"]) group(path.join(ours, share));
  const server = group(path.join(parent, "mayfly", serverName));
  return { proc, root, parent, server, machine: group(path.join(ours, "ahead/m1")), inApp: group(path.join(ours, "app-shop/m1")) };
}

const content = (folder: string, file: string) => fs.readFileSync(path.join(folder, file), "utf8");

test("a service divides its own group", (t) => {
  const { proc, parent } = host(t, "/system.slice/mayfly.service");
  assert.deepEqual(detectCgroups(proc), { kind: "v2", folder: path.join(parent, "mayfly") });
  assert.equal(content(parent, "cgroup.subtree_control"), "+cpu +memory +pids");
});

test("from a login session the machines' groups are at the top of the tree", (t) => {
  const { proc, parent } = host(t, "/user.slice/user-0.slice/session-1.scope");
  assert.deepEqual(detectCgroups(proc), { kind: "v2", folder: path.join(parent, "mayfly") });
});

test("limits, members and figures are the kernel's files", (t) => {
  const { proc, machine } = host(t, "/system.slice/mayfly.service");
  const cgroup = createCgroup({ id: "m1", memoryMb: 256, vcpus: 1.5 }, detectCgroups(proc));
  assert.equal(content(machine, "memory.max"), String(256 * 1_048_576));
  assert.equal(content(machine, "memory.swap.max"), "0");
  assert.equal(content(machine, "cpu.max"), "150000 100000");
  cgroup.add(4711);
  assert.equal(content(machine, "cgroup.procs"), "4711");
  assert.deepEqual(cgroup.pids(), [4711]);

  fs.writeFileSync(path.join(machine, "cpu.stat"), "usage_usec 1234\nuser_usec 1000\n");
  fs.writeFileSync(path.join(machine, "memory.stat"), "anon 4096\nfile 9999999\nshmem 8192\n");
  assert.deepEqual(cgroup.usage(), { cpuUs: 1234, memoryBytes: 12_288 });
  fs.writeFileSync(path.join(machine, "memory.events"), "oom 1\noom_kill 0\n");
  assert.equal(cgroup.oomKilled(), false);
  fs.writeFileSync(path.join(machine, "memory.events"), "oom 1\noom_kill 2\n");
  assert.equal(cgroup.oomKilled(), true);
});

test("a host that lets Mayfly make control groups is told apart from one that does not", (t) => {
  const base = fs.mkdtempSync(path.join(os.tmpdir(), "mayfly-none-"));
  t.after(() => fs.rmSync(base, { recursive: true }));
  fs.writeFileSync(path.join(base, "mountinfo"), "22 1 0:20 / /proc rw - proc proc rw\n");
  const home = detectCgroups(base);
  assert.equal(home.kind, "none");
  const cgroup = createCgroup({ id: "m1", memoryMb: 64, vcpus: 1 }, home);
  cgroup.add(process.pid);
  assert.match(cgroup.detail, /no limits/);
  assert.ok(cgroup.usage().cpuUs > 0);
  assert.ok(cgroup.usage().memoryBytes > 1_000_000);
});

test("a machine moves into its app's group, which weighs as much as any other's; its figures and limits are those of both places", async (t) => {
  const { proc, machine, inApp } = host(t, "/system.slice/mayfly.service");
  const cgroup = createCgroup({ id: "m1", memoryMb: 256, vcpus: 1 }, detectCgroups(proc));
  assert.equal(content(path.dirname(machine), "cpu.weight"), "25");
  assert.equal(content(path.dirname(machine), "cgroup.subtree_control"), "");
  cgroup.add(4711);
  fs.writeFileSync(path.join(machine, "cpu.stat"), "usage_usec 1000\n");
  fs.writeFileSync(path.join(machine, "memory.stat"), "anon 1048576\nshmem 1048576\n");
  fs.writeFileSync(path.join(inApp, "cpu.stat"), "usage_usec 30\n");
  fs.writeFileSync(path.join(inApp, "memory.stat"), "anon 4096\nshmem 0\n");
  await cgroup.assign("shop");
  assert.equal(content(path.dirname(inApp), "cpu.weight"), "100");
  assert.equal(content(inApp, "cgroup.procs"), "4711");
  assert.equal(content(inApp, "memory.max"), String(254 * 1_048_576));
  assert.equal(content(inApp, "cpu.max"), "100000 100000");
  assert.deepEqual(cgroup.usage(), { cpuUs: 1_030, memoryBytes: 2 * 1_048_576 + 4_096 });
  fs.writeFileSync(path.join(machine, "memory.events"), "oom_kill 0\n");
  fs.writeFileSync(path.join(inApp, "memory.events"), "oom_kill 1\n");
  assert.equal(cgroup.oomKilled(), true);
  await cgroup.assign("other");
  assert.ok(!fs.existsSync(path.join(path.dirname(path.dirname(inApp)), "app-other")), "an app is for good");
});

test("a machine for which a call begins to wait gets the weight of an app, before its own", async (t) => {
  const { proc, machine, inApp } = host(t, "/system.slice/mayfly.service");
  const hastened = Promise.withResolvers<void>();
  const cgroup = createCgroup({ id: "m1", memoryMb: 256, vcpus: 1, awaited: hastened.promise }, detectCgroups(proc));
  const awaited = path.join(path.dirname(path.dirname(machine)), "awaited/m1");
  cgroup.add(4711);
  fs.writeFileSync(path.join(machine, "memory.stat"), "anon 1048576\nshmem 0\n");
  fs.writeFileSync(path.join(awaited, "memory.stat"), "anon 1048576\nshmem 0\n");
  hastened.resolve();
  await until(() => content(awaited, "cgroup.procs") === "4711");
  assert.equal(content(path.dirname(awaited), "cpu.weight"), "100");
  await cgroup.assign("shop");
  assert.equal(content(inApp, "cgroup.procs"), "4711");
  assert.equal(content(inApp, "memory.max"), String(254 * 1_048_576));
});

test("a machine that has its app is not moved back when it is hastened too late", async (t) => {
  const { proc, machine } = host(t, "/system.slice/mayfly.service");
  const hastened = Promise.withResolvers<void>();
  const cgroup = createCgroup({ id: "m1", memoryMb: 256, vcpus: 1, awaited: hastened.promise }, detectCgroups(proc));
  cgroup.add(4711);
  fs.writeFileSync(path.join(machine, "memory.stat"), "anon 0\nshmem 0\n");
  await cgroup.assign("shop");
  hastened.resolve();
  await cgroup.assign("shop");
  assert.equal(content(path.join(path.dirname(path.dirname(machine)), "awaited/m1"), "cgroup.procs"), "");
});

test("the server joins a leaf beside its machines, with more weight than all of them, and goes back to where it was", async (t) => {
  const { proc, root, parent, server } = host(t, "/system.slice/mayfly.service");
  fs.writeFileSync(path.join(proc, "cgroup"), "0::/system.slice/mayfly.service/mayfly-server\n");
  const leaf = group(path.join(root, "system.slice/mayfly.service/mayfly-server"));
  const joined = joinServerGroup(detectCgroups(proc), proc);
  assert.equal(joined.lacks, undefined);
  assert.equal(content(server, "cgroup.procs"), "0", "itself");
  assert.equal(content(server, "cpu.weight"), "400");
  assert.equal(content(server, "cgroup.subtree_control"), "", "a group that holds processes hands nothing down");
  assert.equal(content(path.join(parent, "mayfly"), "cpu.weight"), "200");
  fs.writeFileSync(path.join(server, "cgroup.procs"), `${process.pid}\n47114711\n`);
  setTimeout(() => fs.rmSync(server, { recursive: true, force: true }), 50); // as the kernel lets a group go that is empty
  await joined.leave();
  assert.equal(content(leaf, "cgroup.procs"), "47114711", "what it started there, over itself");
});

test("a worker that follows another finds the machines' place where the first one did", (t) => {
  const { proc, parent } = host(t, "/system.slice/mayfly.service");
  for (const leaf of ["mayfly-server", "mayfly/12-34-server", "mayfly/12-34/work/x"]) {
    fs.writeFileSync(path.join(proc, "cgroup"), `0::/system.slice/mayfly.service/${leaf}\n`);
    assert.deepEqual(detectCgroups(proc), { kind: "v2", folder: path.join(parent, "mayfly") });
  }
});

test("if the server's group is refused, the server stays where it was, says why, and leaves nothing", async (t) => {
  const { proc, server } = host(t, "/system.slice/mayfly.service");
  fs.rmSync(server, { recursive: true });
  fs.writeFileSync(server, "");
  const joined = joinServerGroup(detectCgroups(proc), proc);
  assert.match(joined.lacks ?? "", /EEXIST/);
  await joined.leave();
  const none = joinServerGroup({ kind: "none", reason: "no control groups are mounted" });
  assert.equal(none.lacks, "no control groups are mounted");
  await none.leave();
});

test("a process that is not a machine is in a share of the usual weight, without limits", async (t) => {
  const { proc, parent } = host(t, "/system.slice/mayfly.service");
  const share = group(path.join(parent, "mayfly", ownerName, "templates"));
  await withShare(
    "templates",
    async (join) => {
      join(4711);
      const [folder] = fs.globSync(`${share}/*-*-*/`) as [string];
      assert.equal(content(share, "cpu.weight"), "100");
      assert.equal(content(folder, "cgroup.procs"), "4711");
      assert.ok(!fs.existsSync(path.join(folder, "memory.max")));
      fs.rmSync(folder, { recursive: true }); // as the kernel lets a group go
    },
    detectCgroups(proc),
  );
});
