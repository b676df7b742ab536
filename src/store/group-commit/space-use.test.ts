/** What the engines say of their operations: see engine.ts. */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { engine as executions } from "../../durable/store/engine.ts";
import { uses as ofExecutions } from "../../durable/store/space-use.ts";
import { engine as events } from "../../events/store/engine.ts";
import { uses as ofEvents } from "../../events/store/space-use.ts";
import { engine as keys } from "../../services/kv/store/engine.ts";
import { engine as objects } from "../../services/objects/store/engine.ts";
import { uses as ofObjects } from "../../services/objects/store/space-use.ts";
import { engine as queues } from "../../services/queues/store/engine.ts";
import { uses as ofQueues } from "../../services/queues/store/space-use.ts";
import { migrate } from "../sqlite/migrate.ts";
import type { Engine, Operations } from "./engine.ts";
import { leavesEnough, RESERVE_BYTES } from "./space-use.ts";

function opened(engine: Engine<Operations>): DatabaseSync {
  const db = new DatabaseSync(":memory:");
  migrate(db, ":memory:", engine.migrations);
  return db;
}

test("every operation that may use the reserve is one of its engine", () => {
  const all: [Engine<Operations>, object][] = [
    [queues, ofQueues],
    [objects, ofObjects],
    [events, ofEvents],
    [executions, ofExecutions],
  ];
  for (const [engine, uses] of all) {
    using db = opened(engine);
    const known = Object.keys(engine.operations(db));
    assert.deepEqual(
      Object.keys(uses).filter((name) => !known.includes(name)),
      [],
    );
  }
});

test("what is new never gets any of the reserve, and what finishes something leaves half of it", () => {
  const least = (use: Parameters<typeof leavesEnough>[0]) => [0, RESERVE_BYTES / 2, RESERVE_BYTES].find((left) => leavesEnough(use, left));
  assert.deepEqual([least("frees"), least("finishes"), least("needs")], [0, RESERVE_BYTES / 2, RESERVE_BYTES]);
});

test("a batch of keys is what its most demanding part is", () => {
  using db = opened(keys);
  const use = (argument: object) => keys.spaceUse("write", argument, db);
  const key = "k";
  assert.equal(use({ writes: [{ kind: "remove", key }] }), "frees");
  assert.equal(
    use({
      writes: [
        { kind: "remove", key },
        { kind: "put", key, value: new Uint8Array() },
      ],
    }),
    "needs",
  );
  const command = (name: string) => ({ name, args: [] });
  assert.equal(use({ commands: [command("GET"), command("DEL")] }), "frees");
  assert.equal(use({ commands: [command("DEL"), command("EXPIRE")] }), "finishes");
  assert.equal(use({ commands: [command("DEL"), command("SET")] }), "needs");
});

test("the removal of a version frees space, and one that leaves a delete marker does not", () => {
  using db = opened(objects);
  for (const [name, versioning] of [
    ["plain", "off"],
    ["kept", "enabled"],
  ] as const)
    db.prepare("INSERT INTO buckets (name, tenant, region, created_at, versioning, settings) VALUES (?, '', '', 0, ?, '{}')").run(
      name,
      versioning,
    );
  const use = (bucket: string, version?: string) => objects.spaceUse("remove", { removal: { bucket, version, key: "k", id: "i" } }, db);
  assert.deepEqual([use("plain"), use("kept"), use("kept", "v"), use("none")], ["frees", "finishes", "frees", "frees"]);
});

test("a result that is large is refused on a full disk", () => {
  const end = (bytes: number) => events.spaceUse("end", { result: new Uint8Array(bytes) });
  assert.deepEqual([end(16_384), end(16_385)], ["finishes", "needs"]);
  const checkpoint = (Action: string, Payload = "") => executions.spaceUse("checkpoint", { updates: [{ Action, Payload }] });
  assert.deepEqual([checkpoint("SUCCEED"), checkpoint("START"), checkpoint("SUCCEED", "x".repeat(20_000))], ["finishes", "needs", "needs"]);
});
