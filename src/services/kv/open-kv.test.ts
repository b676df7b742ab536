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
import { openKv } from "./open-kv.ts";

test("what stores do and keep is told of the app that they belong to, and a tenant's limit bounds what they keep", async (t) => {
  const stateDir = mkdtempSync(join(tmpdir(), "mayfly-kv-"));
  afterwards(t, () => rmSync(stateDir, { recursive: true }));
  const closing = new AsyncDisposableStack();
  afterwards(t, () => closing.disposeAsync());
  const clock = new FakeClock();
  const told: [app: string, service: string, use: object][] = [];
  const { kv } = openKv(
    {
      config: loadConfig({ flags: { stateDir }, env: {} }),
      clock,
      log: { error: (what: unknown) => assert.fail(JSON.stringify(what)) } as unknown as ServerStart["log"],
      closing,
    },
    {
      events: new EventStream(clock, (error) => assert.fail(String(error))),
      accounts: { serviceUsed: (...what) => void told.push(what) },
      limitOf: (tenant) => (tenant === "ten_small" ? 1 : null),
    },
  );
  const store = { tenant: "ten_a", app: "app_a", name: "main" };
  const value = Buffer.alloc(1_000);
  await kv.write(store, [
    { kind: "put", key: "a", value },
    { kind: "put", key: "b", value },
  ]);
  await kv.get(store, "a");
  await kv.get(store, "none");
  await kv.get(store, "a", 10);
  await kv.list(store, { most: 10 });
  assert.deepEqual(told.splice(0), [
    ["app_a", "kv", { writes: 2 }],
    ["app_a", "kv", { reads: 1 }],
    ["app_a", "kv", { reads: 1 }],
    ["app_a", "kv", { reads: 2 }],
  ]);
  await clock.advance(300_000);
  await until(() => told.length > 0, { what: "the bytes that are kept", ms: 60_000 });
  assert.deepEqual(told, [["app_a", "kv", { storedByteSeconds: 2_002 * 300 }]]);

  const small = { tenant: "ten_small", app: "app_small", name: "main" };
  await kv.write(small, [{ kind: "put", key: "a", value: Buffer.alloc(1_000_000) }]);
  await assert.rejects(kv.write(small, [{ kind: "put", key: "b", value: Buffer.alloc(1_000_000) }]), { code: "kv-full" });
  await kv.write(store, [{ kind: "put", key: "large", value: Buffer.alloc(2_000_000) }]);
});
