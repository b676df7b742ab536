import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { systemClock } from "../../base/clock/clock.ts";
import { hostHome, ownCpuFolder } from "../host/cgroup/detect.ts";
import { needControlGroups } from "../host/cgroup/testing/need-groups.ts";
import { usualChoice } from "../../base/kind/machine-kind.ts";
import { withBootedGuest } from "./boot.ts";
import { linux } from "./linux.ts";

before(() => needControlGroups());

test("a boot has the CPU share of templates, not that of its server, and leaves no group", async (context) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "mayfly-boot-"));
  context.after(() => fs.rmSync(folder, { recursive: true }));
  const [note, file] = [path.join(folder, "pid"), path.join(folder, "file")];
  fs.writeFileSync(file, "");
  // A shell stands in for QEMU, because a boot's group does not depend on what boots.
  const command = ["/bin/sh", "-c", `echo $$ > ${note}.new; mv ${note}.new ${note}; exec sleep 600`];
  const confinement = {
    detail: "none",
    take: () => ({ command, uid: undefined, exchange: { outside: folder, inside: folder }, release: () => undefined }),
    remove: () => undefined,
  };
  const image = { id: "none", root: file, kernel: file };
  const shape = { guest: linux, accelerator: "tcg" as const, ...usualChoice, runtime: "node" as const };
  const booting = withBootedGuest({ image, shape, tscKhz: 1, confinement, clock: systemClock, deadlineMs: 60_000 }, async () => undefined);
  const refused = assert.rejects(booting, /QEMU ended by SIGKILL/);
  const pid = await noted(note);
  const group = ownCpuFolder(hostHome().kind as "v1" | "v2", `/proc/${pid}`) as string;
  process.kill(pid, "SIGKILL");
  await refused;
  assert.match(group, new RegExp(`/mayfly/${process.pid}-\\d+/templates/[0-9a-f-]+$`));
  assert.ok(!fs.existsSync(path.dirname(group)));
});

/** Reads the pid. The process is moved to its group within the turn of the event loop in which it is started, so before this reads it. */
async function noted(file: string): Promise<number> {
  for (const end = performance.now() + 60_000; performance.now() < end; await sleep(10)) {
    if (fs.existsSync(file)) return Number(fs.readFileSync(file, "utf8"));
  }
  throw new Error("it was not started");
}
