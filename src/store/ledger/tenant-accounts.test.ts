import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { defaultPrices } from "../../base/config/prices.ts";
import { FakeClock } from "../../dispatch/testing/fake-clock.ts";
import { EventStream } from "../../telemetry/event-stream.ts";
import { type TenantLimits, unlimitedTenant } from "../catalog/tenant-limits.ts";
import { createAccounts, type OpenAccounts } from "./create-accounts.ts";
import { createLedger } from "./create-ledger.ts";
import type { Ledger } from "./ledger.ts";

/** Names of apps begin with those of their tenants. */
const tenantOf = (app: string) => app.split(".")[0];
const apps = (tenant: string) => ["shop", "blog"].map((app) => ({ id: `${tenant}.${app}` }));
let clock: FakeClock;
let ledger: Ledger;
let accounts: OpenAccounts;
let told: string[];

beforeEach(() => {
  clock = new FakeClock();
  ledger = createLedger(":memory:", { idOf: String, clock, onFailure: assert.ifError });
  told = [];
  accounts = open(new Map());
});
afterEach(() => {
  accounts.close();
  ledger.close();
});

function open(limits: Map<string, TenantLimits>): OpenAccounts {
  const events = new EventStream(clock, (error) => assert.fail(String(error)));
  return createAccounts({
    ledger,
    prices: { ...defaultPrices, vcpuSecond: 1 },
    clock,
    events,
    tenants: { allLimits: () => limits, tenantOf, apps },
    tellTenant: (tenant, _month, { limit, state }) => told.push(`${tenant} ${limit} ${state}`),
  });
}

function limit(tenant: string, limits: Partial<TenantLimits>): void {
  accounts.setTenantLimits(tenant, { ...unlimitedTenant, ...limits });
}

function serve(app: string): void {
  accounts.served({ app, function: "main", machine: "m1", memoryMb: 256, slotMs: 1, at: clock.wall() });
}

test("all apps of a tenant are refused when they have used its limit together, and no other tenant's", () => {
  limit("acme", { requests: 3 });
  for (const app of ["acme.shop", "acme.blog", "other.shop", "other.shop", "other.shop", "other.shop"]) serve(app);
  assert.equal(accounts.admit("acme.shop"), undefined);
  serve("acme.shop");
  for (const app of ["acme.shop", "acme.blog", "acme.new"])
    assert.partialDeepStrictEqual(accounts.admit(app), { code: "tenant-limit-reached", details: { what: "requests" } }, app);
  assert.equal(accounts.admit("other.shop"), undefined);
  assert.deepEqual(told, ["acme requests reached"]);
});

test("what was used this month counts when a limit is set, and after a restart", async () => {
  accounts.record({ at: clock.wall(), app: "acme.shop", machine: "m1", kind: "run", cpuUs: 4e6, byteSeconds: 0 });
  accounts.record({ at: clock.wall(), app: "acme.blog", machine: "m2", kind: "run", cpuUs: 4e6, byteSeconds: 0 });
  const changed: string[] = [];
  accounts.watch((app) => changed.push(app));
  limit("acme", { spend: 8 });
  await Promise.resolve();
  assert.deepEqual(changed, ["acme.shop", "acme.blog"]);
  assert.equal(accounts.admit("acme.shop")?.code, "tenant-limit-reached");
  const used = accounts.usesOfTenant("acme", { ...unlimitedTenant, spend: 8 });
  assert.deepEqual(used, [{ limit: "spend", used: 8, most: 8, state: "reached" }]);
  accounts.close();
  accounts = open(new Map([["acme", { ...unlimitedTenant, spend: 8 }]]));
  assert.equal(accounts.admit("acme.blog")?.code, "tenant-limit-reached");
  limit("acme", { spend: 9 });
  assert.equal(accounts.admit("acme.blog"), undefined);
  accounts.setTenantLimits("acme", null);
  assert.equal(accounts.admit("acme.blog"), undefined);
});

test("an app's own limit is told before its tenant's", () => {
  limit("acme", { requests: 1 });
  accounts.setLimits("acme.shop", { spend: null, requests: 1, cpuSeconds: null });
  serve("acme.shop");
  assert.equal(accounts.admit("acme.shop")?.code, "limit-reached");
  assert.equal(accounts.admit("acme.blog")?.code, "tenant-limit-reached");
});

test("calls per second are counted for all apps of the tenant together, and refused calls are not", async () => {
  limit("acme", { requestsPerSecond: 4 });
  const taken = (app: string, count: number) =>
    Array.from({ length: count }, () => accounts.take(app)).filter((refusal) => refusal === undefined).length;
  assert.deepEqual([taken("acme.shop", 3), taken("acme.blog", 100), taken("other.shop", 100)], [3, 1, 100]);
  await clock.advance(500);
  assert.equal(taken("acme.blog", 100), 2);
  await clock.advance(60_000);
  assert.equal(taken("acme.blog", 100), 4, "no more are saved up than for a second");
  assert.deepEqual(accounts.take("acme.shop"), {
    code: "tenant-limit-reached",
    details: { app: "acme.shop", what: "calls per second", retryAfterS: 1 },
  });
  limit("acme", { requestsPerSecond: 0.1 });
  assert.equal(taken("acme.shop", 10), 1);
  assert.equal(accounts.take("acme.shop")?.details["retryAfterS"], 10);
});
