import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { loadConfig } from "../../base/config/load.ts";
import { until } from "../../base/clock/until.ts";
import { afterwards } from "../../base/testing/afterwards.ts";
import { FakeClock } from "../../dispatch/testing/fake-clock.ts";
import { EventStream } from "../../telemetry/event-stream.ts";
import type { ServerStart } from "../../base/config/server-start.ts";
import { objectLimits, openObjects } from "./open-objects.ts";
import { putInto } from "./testing/describe-objects.ts";

test("what buckets do, keep and send out is told of whom they belong to, and a tenant's limit bounds what they keep", async (t) => {
  const stateDir = mkdtempSync(join(tmpdir(), "mayfly-objects-"));
  afterwards(t, () => rmSync(stateDir, { recursive: true }));
  const closing = new AsyncDisposableStack();
  afterwards(t, () => closing.disposeAsync());
  const clock = new FakeClock();
  const config = loadConfig({ flags: { stateDir }, env: {} });
  const told: [owner: string, service: string, use: object][] = [];
  const { objects, inside } = openObjects(
    { config, clock, log: { error: (what: unknown) => assert.fail(JSON.stringify(what)) } as unknown as ServerStart["log"], closing },
    {
      limitsOf: (tenant) => objectLimits(config, tenant === "ten_small" ? 1 : null),
      accounts: { serviceUsed: (...what) => void told.push(what) },
      hasApp: () => true,
      events: new EventStream(clock, (error) => assert.fail(String(error))),
    },
  );
  const seen = async (count: number) => {
    await until(() => told.length >= count, { what: `${count} uses`, ms: 60_000 });
    return told.splice(0);
  };
  const make = (name: string, tenant: string, app?: string) =>
    objects.createBucket({ name, tenant, region: "us-east-1", isLocked: false, ...(app !== undefined && { settings: { app } }) });
  const download = async (from: typeof objects) => {
    const read = await from.read("b", "a");
    for await (const _piece of read.content());
    read.release();
  };
  await make("b", "ten_a", "app_a");
  await make("own", "ten_a");
  await putInto(objects, "a", Buffer.alloc(40_000));
  await objects.list({ bucket: "b", prefix: "", delimiter: "", after: "", most: 10 });
  await putInto(inside, "b", "hello", { bucket: "own" });
  await assert.rejects(objects.head("b", "none"), { code: "no-such-object" });
  assert.deepEqual(await seen(3), [
    ["app_a", "objects", { writes: 1 }],
    ["app_a", "objects", { reads: 1 }],
    ["ten_a", "objects", { writes: 1 }],
  ]);
  // What a machine reads does not leave the host, and neither does what is read for a copy.
  await download(inside);
  assert.deepEqual(await seen(1), [["app_a", "objects", { reads: 1 }]]);
  await download(objects);
  assert.deepEqual(await seen(2), [
    ["app_a", "objects", { reads: 1 }],
    ["app_a", "objects", { outBytes: 40_000 }],
  ]);
  const source = await objects.read("b", "a");
  await objects.copy(
    { object: source, range: { first: 0, last: 99 } },
    { bucket: "own", key: "c", about: { headers: {}, metadata: {}, owner: "ten_a" } },
  );
  source.release();
  assert.deepEqual(await seen(2), [
    ["app_a", "objects", { reads: 1 }],
    ["ten_a", "objects", { writes: 1 }],
  ]);
  await clock.advance(300_000);
  assert.deepEqual(await seen(2), [
    ["app_a", "objects", { storedByteSeconds: 40_000 * 300 }],
    ["ten_a", "objects", { storedByteSeconds: 105 * 300 }],
  ]);
  await make("small", "ten_small");
  await putInto(objects, "a", Buffer.alloc(1_000_000), { bucket: "small" });
  await assert.rejects(putInto(objects, "b", Buffer.alloc(100_000), { bucket: "small" }), { code: "object-storage-full" });
  await putInto(objects, "large", Buffer.alloc(2_000_000));
});
