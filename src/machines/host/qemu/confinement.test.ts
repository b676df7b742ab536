/** What the host sees of a running machine's QEMU: what it may do, and what it has open. */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { systemClock } from "../../../base/clock/clock.ts";
import { loadConfig } from "../../../base/config/load.ts";
import { ensureImage } from "../../../images/ensure-image.ts";
import { detectCgroups } from "../cgroup/detect.ts";
import { processStartTime } from "../cgroup/proc.ts";
import type { Driver, Machine } from "../../driver.ts";
import { usualChoice } from "../../../base/kind/machine-kind.ts";
import { Fd } from "../../qemu/command-line.ts";
import { linux } from "../../qemu/linux.ts";
import { createDriverWithHost } from "../../qemu/testing/own-host.ts";
import { createUids } from "../../../base/uids/uids.ts";

const { cacheDir } = loadConfig({});
const runDir = fs.mkdtempSync(path.join(os.tmpdir(), "mayfly-confinement-"));
const root = process.getuid?.() === 0;
let driver: Driver;
let machines: Machine[];
let pids: number[];

before(async () => {
  driver = createDriverWithHost({
    guest: linux,
    image: () => ensureImage({ uids: createUids(), cacheDir, progress: () => undefined }),
    cacheDir,
    runDir,
    clock: systemClock,
  });
  await driver.prepare(() => undefined, usualChoice);
  machines = [await start("confined-1"), await start("confined-2")];
  pids = machines.map(({ id }) => pidOf(id));
});
after(async () => {
  await driver.close();
  fs.rmSync(runDir, { recursive: true });
});

const start = (name: string) => driver.start({ id: `${name}-${process.pid}`, memoryMb: 256, vcpus: 1 });

function pidOf(id: string): number {
  const processes = fs.readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const found = processes.find((pid) => commandOf(pid).includes(`-name\0${id}\0`));
  return Number(found);
}

/** Empty if the process has ended since it was listed. */
function commandOf(pid: string): string {
  try {
    return fs.readFileSync(`/proc/${pid}/cmdline`, "latin1");
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return "";
    throw error;
  }
}

function status(pid: number, name: string): string {
  const text = fs.readFileSync(`/proc/${pid}/status`, "latin1");
  return new RegExp(`^${name}:[ \\t]*(.*)$`, "m").exec(text)?.[1] ?? "";
}

test("QEMU filters its system calls, gains no privileges and has none", () => {
  for (const pid of pids) {
    assert.equal(status(pid, "Seccomp"), "2");
    assert.equal(status(pid, "NoNewPrivs"), "1");
    for (const set of ["CapInh", "CapPrm", "CapEff", "CapAmb"]) assert.match(status(pid, set), /^0+$/, set);
    assert.equal(fs.readFileSync(`/proc/${pid}/environ`, "latin1"), "");
    assert.match(fs.readFileSync(`/proc/${pid}/limits`, "latin1"), /Max file size\s+0\s+0\s/);
  }
});

test("each machine has a user of its own, an empty network and a root folder with QEMU only", () => {
  if (!root) return assert.match(status(pids[0] ?? 0, "Uid"), new RegExp(`^${process.getuid?.()}\\t`));
  const users = pids.map((pid) => status(pid, "Uid").split("\t"));
  for (const ids of users) assert.deepEqual([...new Set(ids)], [ids[0]]);
  assert.equal(new Set([...users.map(([uid]) => uid), "0"]).size, 3);
  const networks = pids.map((pid) => fs.readlinkSync(`/proc/${pid}/ns/net`));
  assert.equal(new Set([...networks, fs.readlinkSync("/proc/self/ns/net")]).size, 3);
  for (const pid of pids) {
    assert.deepEqual(fs.readdirSync(`/proc/${pid}/root`).toSorted(), ["dev", "exchange", "lib", "lib64", "proc", "usr"]);
    assert.match(status(pid, "Groups"), /^\s*$/);
  }
});

test("nothing listens: the monitor is on an inherited socket only", () => {
  for (const pid of pids) {
    for (const table of ["tcp", "tcp6", "udp", "udp6"]) {
      assert.equal(fs.readFileSync(`/proc/${pid}/net/${table}`, "latin1").trim().split("\n").length, root ? 1 : 0, table);
    }
    const words = fs.readFileSync(`/proc/${pid}/cmdline`, "latin1").split("\0");
    assert.equal(words.filter((word) => word === "-mon" || word === "-qmp" || word === "-monitor").length, 1);
  }
});

test("a machine's user can't change the template or the image that its siblings run on", () => {
  for (const pid of pids) {
    const uid = Number(status(pid, "Uid").split("\t")[0]);
    // The process becomes the machine's user once it runs, because that user need not be able to reach this folder.
    const attempt = `
      const fs = require("node:fs");
      process.setgroups([]); process.setgid(${uid}); process.setuid(${uid});
      const file = fs.openSync("/proc/${pid}/fd/${Fd.Memory}", "r+");
      for (const change of [() => fs.writeSync(file, "x", 0), () => fs.ftruncateSync(file, 0), () => fs.ftruncateSync(file, 2 ** 30)]) {
        try { change(); console.log("changed"); } catch (error) { console.log(error.code); }
      }
      try { fs.openSync("/proc/${pid}/fd/${Fd.Root}", "r+"); console.log("opened"); } catch (error) { console.log(error.code); }`;
    const said = execFileSync(process.execPath, ["-e", attempt], { cwd: "/", encoding: "utf8" });
    assert.deepEqual(said.trim().split("\n"), ["EPERM", "EPERM", "EPERM", "EACCES"]);
  }
});

test("each machine is in a control group of its own", () => {
  const { kind } = detectCgroups();
  for (const [at, pid] of pids.entries()) {
    const groups = fs.readFileSync(`/proc/${pid}/cgroup`, "latin1");
    if (kind !== "none") assert.match(groups, new RegExp(`/mayfly/.*/${machines[at]?.id}$`, "m"));
  }
});

test("a server that is killed takes its machines along", async () => {
  const server = spawn(process.execPath, ["--input-type=module", "-e", serverScript()], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(server, "exit").then(() =>
    Promise.reject(new Error("the server ended before its machine was up: standard error says why")),
  );
  const [id] = (await Promise.race([once(server.stdout, "data"), ended])) as [Buffer];
  ended.catch(() => undefined);
  const pid = pidOf(id.toString());
  assert.notEqual(processStartTime(pid), undefined);
  server.kill("SIGKILL");
  while (processStartTime(pid) !== undefined) await sleep(10);
});

function serverScript(): string {
  const load = (file: string) => `await import(${JSON.stringify(new URL(file, import.meta.url).href)})`;
  return `
    const { createDriverWithHost } = ${load("../../qemu/testing/own-host.ts")};
    const { linux } = ${load("../../qemu/linux.ts")};
    const { systemClock } = ${load("../../../base/clock/clock.ts")};
    const { ensureImage } = ${load("../../../images/ensure-image.ts")};
    const { createUids } = ${load("../../../base/uids/uids.ts")};
    const cacheDir = ${JSON.stringify(cacheDir)}, runDir = ${JSON.stringify(path.join(runDir, "killed"))};
    const driver = createDriverWithHost({ guest: linux, image: () => ensureImage({ uids: createUids(), cacheDir, progress() {} }), cacheDir, runDir, clock: systemClock });
    const { id } = await driver.start({ id: "killed-${process.pid}", memoryMb: 256, vcpus: 1 });
    process.stdout.write(id);
    setInterval(() => {}, 1_000);
  `;
}
