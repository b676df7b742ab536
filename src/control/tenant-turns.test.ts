import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { test } from "node:test";
import { TenantTurns } from "./tenant-turns.ts";

interface Work {
  name: string;
  end: () => void;
}

function start(atOnce: number) {
  const turns = new TenantTurns(atOnce);
  const begun: Work[] = [];
  const take = (tenant: string, name = tenant) =>
    turns.take(tenant, () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      begun.push({ name, end: resolve });
      return promise;
    });
  return { turns, begun, take, names: () => begun.map(({ name }) => name) };
}

test("the work of a tenant that has none under way comes before more work of one that has", async () => {
  const { begun, take, names } = start(2);
  for (let n = 1; n <= 4; n++) void take("one", `one ${n}`);
  void take("other");
  assert.deepEqual(names(), ["one 1", "one 2"]);
  begun[1]!.end();
  await setImmediate();
  assert.deepEqual(names(), ["one 1", "one 2", "other"]);
  begun[0]!.end();
  await setImmediate();
  assert.deepEqual(names().slice(3), ["one 3"]);
});

test("work that fails ends its turn, and once turns are open nothing waits", async () => {
  const { turns, take, names } = start(1);
  await assert.rejects(
    turns.take("one", () => Promise.reject(new Error("no"))),
    /no/,
  );
  void take("one", "first");
  void take("one", "second");
  assert.deepEqual(names(), ["first"]);
  turns.open();
  await setImmediate();
  assert.deepEqual(names(), ["first", "second"]);
});
