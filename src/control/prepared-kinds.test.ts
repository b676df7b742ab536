import assert from "node:assert/strict";
import { test } from "node:test";
import { type KindChoice, kindOf, usualChoice, usualKind } from "../base/kind/machine-kind.ts";
import { FakeClock } from "../dispatch/testing/fake-clock.ts";
import { PreparedKinds } from "./prepared-kinds.ts";

const large: KindChoice = { memoryMb: 1_024, vcpus: 1 };
const onOsv: KindChoice = { ...usualChoice, kernel: "osv" };

test("a kind that no live revision chooses any more is given up after a while; kinds that are chosen and the usual one stay", async () => {
  const { kinds, clock, live, told } = set([usualChoice, large, onOsv]);
  for (const choice of [usualChoice, large, onOsv]) await kinds.prepare(choice);
  live.splice(0, 3, large);
  kinds.changed();
  kinds.changed();
  await clock.advance(120_000);
  assert.deepEqual(told, ["prepared linux 256", "prepared linux 1024", "prepared osv 256", "released osv 256"]);
});

test("a kind that is needed again is prepared again, and given up again", async () => {
  const { kinds, clock, live, told } = set([]);
  for (let times = 0; times < 2; times++) {
    live.push(onOsv);
    await kinds.prepare(onOsv);
    live.pop();
    kinds.changed();
    await clock.advance(120_000);
  }
  assert.deepEqual(told, ["prepared osv 256", "released osv 256", "prepared osv 256", "released osv 256"]);
});

test("a choice that names the host's kernel is of the same kind as one that names none", async () => {
  const { kinds, clock, live, told } = set([{ ...large, kernel: "linux" }]);
  await kinds.prepare(large);
  live.push(onOsv);
  kinds.changed();
  await clock.advance(120_000);
  assert.deepEqual(told, ["prepared linux 1024"]);
});

function set(live: KindChoice[]) {
  const clock = new FakeClock();
  const told: string[] = [];
  const kinds = new PreparedKinds({
    catalog: { kinds: () => live },
    clock,
    usual: usualKind,
    kindOf: (choice) => kindOf(choice, "linux"),
    prepare: async ({ kernel, memoryMb }) => void told.push(`prepared ${kernel} ${memoryMb}`),
    release: ({ kernel, memoryMb }) => void told.push(`released ${kernel} ${memoryMb}`),
  });
  return { kinds, clock, live, told };
}
