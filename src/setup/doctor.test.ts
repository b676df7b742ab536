import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { checkCgroups } from "./check-cgroups.ts";
import { checkDisk, checkMemory, checkReserves } from "./check-host.ts";
import { checkPort } from "./check-port.ts";
import { doctor } from "./doctor.ts";
import { listening } from "../base/testing/listening.ts";

const scratch = mkdtempSync(join(tmpdir(), "mayfly-doctor-"));
after(() => rmSync(scratch, { recursive: true }));

test("the doctor reports on every part, and what is not well has a cure", async () => {
  const stateDir = join(scratch, "not/yet");
  const findings = await doctor({ stateDir, cacheDir: scratch, listen: "127.0.0.1:0", api: "127.0.0.1:0" });
  assert.deepEqual(
    findings.map(({ part }) => part),
    "Node, npm packages, QEMU, erofs-utils, qemu-img, /dev/kvm, runsc (gVisor), control groups, memory, disk for state, reserve on disk, disk for cache, port for functions, port for the API".split(
      ", ",
    ),
  );
  for (const { ok, cure, part } of findings) assert.ok(ok || cure !== undefined, part);
  assert.equal(existsSync(stateDir), false, "looking creates nothing");
});

test("the parts that this test suite itself needs are found", async () => {
  const findings = await doctor({ stateDir: scratch, cacheDir: scratch, listen: "127.0.0.1:0", api: "127.0.0.1:0" });
  for (const part of ["Node", "npm packages", "QEMU", "erofs-utils", "qemu-img"]) {
    const finding = findings.find((found) => found.part === part);
    assert.ok(finding?.ok, `${part}: ${finding?.detail}`);
    assert.match(finding.detail, /\d/);
  }
});

test("a port of another program is named, with the setting that avoids it", async () => {
  const { address, close } = await serve("hello");
  const finding = await checkPort("port", "listen", address);
  close();
  assert.equal(finding.ok, false);
  assert.match(finding.detail, /in use by another program/);
  assert.match(finding.cure!, /listen/);
});

test("a port on which Mayfly answers is well", async () => {
  const { address, close } = await serve(JSON.stringify({ error: { code: "no-such-route", docs: "docs/errors.md#no-such-route" } }));
  const finding = await checkPort("port", "listen", address);
  close();
  assert.deepEqual([finding.ok, finding.detail], [true, `${address} is served by a running Mayfly`]);
});

test("too little memory or disk is a finding with the amount needed", async () => {
  assert.match(checkMemory(2 ** 60).cure!, /MB are needed/);
  assert.match((await checkDisk("disk", scratch, 2 ** 60)).cure!, /MB are needed/);
});

test("a reserve that is not whole is a finding, and none is needed before the first start", () => {
  assert.equal(checkReserves(scratch).ok, true);
  writeFileSync(join(scratch, "catalog.db"), "");
  const finding = checkReserves(scratch);
  rmSync(join(scratch, "catalog.db"));
  assert.deepEqual([finding.ok, finding.detail], [false, "reserve has 0 of 8 MB"]);
  assert.match(finding.cure!, /Free some/);
});

test("a host without control groups is told what that costs", () => {
  const finding = checkCgroups("23 28 0:21 / /proc rw - proc proc rw");
  assert.equal(finding.ok, false);
  assert.match(finding.cure!, /no CPU limit/);
});

async function serve(text: string): Promise<{ address: string; close: () => void }> {
  const server = createServer((_, reply) => reply.end(text));
  const port = await listening(server);
  return { address: `127.0.0.1:${port}`, close: () => void server.close() };
}
