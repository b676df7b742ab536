import assert from "node:assert/strict";
import { test } from "node:test";
import { type KindChoice, kindOf, usualChoice, usualKind } from "../base/kind/machine-kind.ts";
import { FakeClock } from "../dispatch/testing/fake-clock.ts";
import { PreparedKinds } from "./prepared-kinds.ts";

const large: KindChoice = { memoryMb: 1_024, vcpus: 1 };
const onOsv: KindChoice = { ...usualChoice, kernel: "osv" };

test("a kind that no live revision chooses any more is given up after a while; kinds that are chosen and the usual one stay", async () => {
  const { kinds, clock, live, told } = set([usualChoice, large, onOsv]);
  for (const choice of [usualChoice, large, onOsv]) await kinds.prepare(choice, "main");
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
    await kinds.prepare(onOsv, "main");
    live.pop();
    kinds.changed();
    await clock.advance(120_000);
  }
  assert.deepEqual(told, ["prepared osv 256", "released osv 256", "prepared osv 256", "released osv 256"]);
});

test("a choice that names the host's kernel is of the same kind as one that names none", async () => {
  const { kinds, clock, live, told } = set([{ ...large, kernel: "linux" }]);
  await kinds.prepare(large, "main");
  live.push(onOsv);
  kinds.changed();
  await clock.advance(120_000);
  assert.deepEqual(told, ["prepared linux 1024"]);
});

const ofSize = (memoryMb: number): KindChoice => ({ memoryMb, vcpus: 1 });

test("no more kinds are held than may be: the one that was used longest ago goes for the next, and is prepared again when it is needed", async () => {
  const { kinds, told } = set([1, 2, 3, 4].map((n) => ofSize(n * 1_000)));
  for (const n of [1, 2, 3]) await kinds.prepare(ofSize(n * 1_000), "main");
  await kinds.prepare(ofSize(1_000), "main");
  await kinds.prepare(usualChoice, "main");
  assert.deepEqual(released(told), []);
  await kinds.prepare(ofSize(4_000), "main");
  assert.deepEqual(released(told), ["linux 2000"]);
  await kinds.prepare(ofSize(2_000), "main");
  assert.deepEqual(told.at(-2), "prepared linux 2000");
  assert.deepEqual(released(told), ["linux 2000", "linux 3000"]);
});

test("two kinds are made at a time, tenants in turn; what is held, and the usual kind, wait for none of them", async () => {
  const { kinds, told, hold } = set([]);
  await kinds.prepare(ofSize(1_000), "held");
  told.length = 0;
  const go = hold();
  const many = [2, 3, 4, 5].map((n) => kinds.prepare(ofSize(n * 1_000), "many"));
  const again = kinds.prepare(ofSize(5_000), "many");
  const one = kinds.prepare(ofSize(6_000), "one");
  go(1_000)();
  go(256)();
  await Promise.all([kinds.prepare(ofSize(1_000), "held"), kinds.prepare(usualChoice, "held")]);
  assert.deepEqual(told, ["prepared linux 2000", "prepared linux 3000", "prepared linux 1000", "prepared linux 256"]);
  go(2_000)();
  await many[0];
  go(6_000)();
  await one;
  for (const n of [3, 4, 5]) go(n * 1_000)();
  await Promise.all([...many, again]);
  assert.deepEqual(
    told.slice(4).filter((text) => text.startsWith("prepared")),
    ["prepared linux 6000", "prepared linux 4000", "prepared linux 5000"],
  );
});

test("what waits for its turn fails when the server ends, and a kind that failed is tried again", async () => {
  const { kinds, told, hold } = set([]);
  const go = hold();
  const under = [2, 3].map((n) => kinds.prepare(ofSize(n * 1_000), "main"));
  const waits = kinds.prepare(ofSize(4_000), "main");
  kinds.close();
  for (const n of [2, 3]) go(n * 1_000)();
  await Promise.all(under);
  await assert.rejects(waits, /shutting down/i);
  await assert.rejects(kinds.prepare(ofSize(4_000), "main"), /shutting down/i);
  assert.deepEqual(told, ["prepared linux 2000", "prepared linux 3000"]);
});

test("at a server's start as many kinds are prepared as are held, and one that cannot be is told", async () => {
  const { kinds, told, failing } = set([usualChoice, ...[1, 2, 3, 4].map((n) => ofSize(n * 1_000))]);
  failing.add(2_000);
  const failed: unknown[] = [];
  await kinds.prepareChosen(({ memoryMb }) => failed.push(memoryMb));
  assert.deepEqual([told, failed], [["prepared linux 256", "prepared linux 1000", "prepared linux 3000"], [2_000]]);
});

function released(told: string[]): string[] {
  return told.filter((text) => text.startsWith("released")).map((text) => text.replace("released ", ""));
}

/** Three kinds are held beside the usual one. */
function set(live: KindChoice[]) {
  /** What is being made waits for these, by its memory. */
  let gates: Map<number, PromiseWithResolvers<void>> | undefined;
  const gate = (memoryMb: number) => {
    const known = gates!.get(memoryMb) ?? Promise.withResolvers<void>();
    gates!.set(memoryMb, known);
    return known;
  };
  const failing = new Set<number>();
  const clock = new FakeClock();
  const told: string[] = [];
  const kinds = new PreparedKinds({
    catalog: { kinds: () => live },
    clock,
    usual: usualKind,
    most: 3,
    kindOf: (choice) => kindOf(choice, "linux"),
    async prepare({ kernel, memoryMb }) {
      if (failing.has(memoryMb)) throw new Error("no room");
      told.push(`prepared ${kernel} ${memoryMb}`);
      if (gates !== undefined) await gate(memoryMb).promise;
    },
    release: ({ kernel, memoryMb }) => void told.push(`released ${kernel} ${memoryMb}`),
  });
  const hold = () => {
    gates = new Map();
    return (memoryMb: number) => gate(memoryMb).resolve;
  };
  return { kinds, clock, live, told, failing, hold };
}
