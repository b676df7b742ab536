import assert from "node:assert/strict";
import { test } from "node:test";
import type { AppInfo, MachineInfo } from "../doors/admin/schemas.ts";
import { liveInWords } from "./commands/list.ts";
import { machinesInWords } from "./commands/ps.ts";
import { targetsInWords } from "./targets.ts";

test("one target is its number; of several each has its share", () => {
  assert.equal(targetsInWords([{ number: 3, weight: 7 }]), "3");
  const split = [
    { number: 2, weight: 9 },
    { number: 3, weight: 1 },
  ];
  assert.equal(targetsInWords(split), "2 90 %, 3 10 %");
});

test("the list of apps shows where calls go while they are split", () => {
  const targets = [
    { revision: "r2", number: 2, weight: 90 },
    { revision: "r3", number: 3, weight: 10 },
  ];
  const app = { live: { number: 2 }, aliases: [{ name: "live", targets }] } as unknown as AppInfo;
  assert.equal(liveInWords(app), "2 90 %, 3 10 %");
});

test("each machine is listed with the number of its revision", () => {
  const machine: MachineInfo = {
    id: "m1",
    app: "shop",
    revision: 12,
    driver: "process",
    kind: null,
    state: "bound",
    slots: { used: 0, total: 1 },
    memoryBytes: 1,
    cpuUs: 1,
    ageMs: 1,
  };
  assert.match(machinesInWords([machine]), /REVISION[^]*shop +12 +process/);
});
