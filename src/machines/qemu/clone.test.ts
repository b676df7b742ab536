import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, test } from "node:test";

import { systemClock } from "../../base/clock/clock.ts";
import { footprint, settledFootprint } from "../conformance/footprint.ts";
import type { StartFailure } from "../exit.ts";
import { startClone } from "./clone.ts";
import { createUids } from "../../base/uids/uids.ts";
import { createConfinement } from "../host/qemu/confinement.ts";
import { readHostFacts } from "../host/qemu/host-facts.ts";
import { linux } from "./linux.ts";
import { createMemoryFile, makeImmutable } from "../../base/libc/libc.ts";

const runDir = fs.mkdtempSync(path.join(os.tmpdir(), "mayfly-clone-"));
after(() => fs.rmSync(runDir, { recursive: true }));

test("a start that QEMU refuses rejects with what QEMU said, and leaves nothing", async () => {
  const facts = await readHostFacts();
  assert.ok(facts !== undefined);
  const confinement = createConfinement(facts, runDir, createUids());
  const memory = createMemoryFile("memory");
  fs.ftruncateSync(memory, 128 * 1_048_576);
  makeImmutable(memory);
  const state = createMemoryFile("state");
  fs.writeSync(state, "this is not a state of a machine");
  const disk = path.join(runDir, "disk");
  fs.writeFileSync(disk, Buffer.alloc(1_048_576));
  const root = fs.openSync(disk, "r");
  // The first user id claims a block of them, with a descriptor that stays open.
  confinement.take().release();
  const before = footprint([runDir]);

  const outcomes: boolean[] = [];
  const starting = startClone({
    spec: { id: `refused-${process.pid}`, memoryMb: 128, vcpus: 1 },
    shape: { guest: linux, accelerator: "tcg", runtime: "node", memoryMb: 128, vcpus: 1 },
    template: { memory, state, digest: "" },
    root,
    confinement,
    clock: systemClock,
    tried: (worked) => void outcomes.push(worked),
    watch: { damage: () => undefined, suspect: async () => undefined },
  });
  await assert.rejects(starting, (error: StartFailure) => {
    return error.code === "machine-start-failed" && /migration/i.test(error.exit.output.join()) && !/migration/i.test(error.message);
  });
  assert.deepEqual(outcomes, [false]);
  assert.deepEqual(await settledFootprint(before, [runDir]), before);
  for (const fd of [memory, state, root]) fs.closeSync(fd);
  confinement.remove();
});
