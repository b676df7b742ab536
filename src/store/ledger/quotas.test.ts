import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { FakeClock } from "../../dispatch/testing/fake-clock.ts";
import { createAccounts, type OpenAccounts } from "./create-accounts.ts";
import { EventStream } from "../../telemetry/event-stream.ts";
import { createLedger } from "./create-ledger.ts";
import { writeLimitLines } from "./limit-lines.ts";
import type { Ledger } from "./ledger.ts";
import { defaultPrices } from "../../base/config/prices.ts";

const DECEMBER = Date.UTC(2026, 11);
let now: number;
let clock: FakeClock;
let ledger: Ledger;
let accounts: OpenAccounts;
let told: string[];

beforeEach(() => {
  now = DECEMBER - 100_000;
  told = [];
  clock = Object.assign(new FakeClock(), { wall: () => now });
  ledger = createLedger(":memory:", { idOf: String, clock, onFailure: (error) => assert.fail(String(error)) });
  open();
});

afterEach(() => {
  accounts.close();
  ledger.close();
});

test("calls are admitted up to the limit, and again when the month has ended", () => {
  accounts.setLimits("shop", { spend: null, requests: 3, cpuSeconds: null });
  for (let call = 0; call < 3; call++) {
    assert.equal(accounts.admit("shop"), undefined);
    serve("shop");
  }
  assert.deepEqual(accounts.admit("shop"), {
    code: "limit-reached",
    details: { app: "shop", what: "requests", retryAfterS: 100 },
  });
  assert.equal(accounts.admit("other"), undefined);
  now = DECEMBER;
  assert.equal(accounts.admit("shop"), undefined);
  serve("shop");
  serve("shop");
  assert.equal(accounts.admit("shop"), undefined);
  serve("shop");
  assert.ok(accounts.admit("shop"));
});

test("what was used before a limit was set counts, and so does what was used before a restart", () => {
  serve("shop");
  accounts.setLimits("shop", { spend: null, requests: 1, cpuSeconds: null });
  assert.ok(accounts.admit("shop"));
  accounts.close();
  open();
  assert.ok(accounts.admit("shop"));
  accounts.setLimits("shop", { spend: null, requests: 2, cpuSeconds: null });
  assert.equal(accounts.admit("shop"), undefined);
});

test("spending is CPU of functions and of bring-up, memory and requests at their prices", () => {
  accounts.setLimits("shop", { spend: 10, requests: null, cpuSeconds: null });
  use("start", 3_000_000);
  use("run", 4_000_000);
  assert.equal(accounts.admit("shop"), undefined);
  accounts.record({ at: now, app: "shop", machine: "m1", kind: "run", cpuUs: 0, byteSeconds: 2 ** 30 * 3 });
  assert.equal(accounts.admit("shop")?.details["what"], "spending");
});

test("the CPU that is attributed to functions does not count twice", () => {
  accounts.setLimits("shop", { spend: null, requests: null, cpuSeconds: 10 });
  serve("shop");
  use("run", 9_000_000);
  assert.equal(accounts.admit("shop"), undefined);
  assert.equal(accounts.billOf("shop", "2026-11").functions[0]?.cpuRunSeconds, 9);
  use("run", 1_000_000);
  assert.equal(accounts.admit("shop")?.details["what"], "CPU time");
});

test("reaching 80 % of a limit and reaching all of it are told once each, with the figures", () => {
  accounts.setLimits("shop", { spend: null, requests: 10, cpuSeconds: null });
  for (let call = 0; call < 12; call++) serve("shop");
  assert.deepEqual(told, [
    "shop: The app has used 80 % of its limit of requests for 2026-11 (8 of 10).",
    "shop: The app's limit of requests for 2026-11 is reached (10 of 10): calls are refused until the month ends or the limit is raised.",
  ]);
});

test("a watcher is called when an app starts to be refused, and when it no longer is", async () => {
  const changes: [string, boolean][] = [];
  accounts.watch((app) => changes.push([app, accounts.admit(app) !== undefined]));
  accounts.setLimits("shop", { spend: null, requests: 1, cpuSeconds: null });
  serve("shop");
  await Promise.resolve();
  accounts.setLimits("shop", { spend: null, requests: 2, cpuSeconds: null });
  await Promise.resolve();
  serve("shop");
  await Promise.resolve();
  accounts.setLimits("shop", { spend: null, requests: null, cpuSeconds: null });
  await Promise.resolve();
  assert.deepEqual(
    changes.map(([, isRefused]) => isRefused),
    [true, false, true, false],
  );
});

test("a month's end is noticed within a minute, even if nobody calls", async () => {
  accounts.setLimits("shop", { spend: null, requests: 1, cpuSeconds: null });
  serve("shop");
  await Promise.resolve();
  const changes: string[] = [];
  accounts.watch((app) => changes.push(app));
  now = DECEMBER;
  await clock.advance(60_000);
  assert.deepEqual(changes, ["shop"]);
});

test("limits that are lifted refuse nothing", () => {
  accounts.setLimits("shop", { spend: null, requests: 1, cpuSeconds: null });
  serve("shop");
  accounts.setLimits("shop", { spend: null, requests: null, cpuSeconds: null });
  assert.equal(accounts.admit("shop"), undefined);
});

function open(): void {
  const prices = { ...defaultPrices, vcpuSecond: 1, gbSecond: 1 };
  const events = new EventStream(clock, (error) => assert.fail(String(error)));
  writeLimitLines(events, (app, text) => told.push(`${app}: ${text}`));
  accounts = createAccounts({ ledger, prices, clock, events });
}

function serve(app: string): void {
  accounts.served({ app, function: "main", machine: "m1", memoryMb: 256, slotMs: 1.5, at: clock.wall() });
}

function use(kind: "start" | "run", cpuUs: number): void {
  accounts.record({ at: now, app: "shop", machine: "m1", kind, cpuUs, byteSeconds: 0 });
}
