import assert from "node:assert/strict";
import { test } from "node:test";
import { makeBill } from "./bill.ts";
import type { UsageRow } from "./ledger.ts";
import { GB } from "./sums.ts";

const prices = {
  currency: "EUR",
  vcpuSecond: 2,
  gbSecond: 10,
  request: 0.5,
  read: 0,
  write: 0,
  storedGbMonth: 0,
  objectRead: 0.5,
  objectWrite: 2,
  objectGbMonth: 8,
  objectOutGb: 16,
  queueRequest: 0.25,
  wallGbSecond: 100,
  wallRequest: 1,
};
const month = "2026-11";

const rows = [
  row({ app: null, kind: "template", cpuUs: 4_000_000 }),
  row({ app: null, kind: "server", cpuUs: 2_000_000, byteSeconds: 2 * GB }),
  row({ app: null, kind: "start", cpuUs: 1_000_000, byteSeconds: GB }),
  row({ app: "shop", kind: "start", cpuUs: 500_000 }),
  row({ app: "shop", kind: "bind", cpuUs: 250_000, byteSeconds: GB / 4 }),
  row({ app: "shop", kind: "run", cpuUs: 1_000_001, byteSeconds: GB / 2 }),
  row({ app: "shop", kind: "calls", function: "pay", cpuUs: 600, requests: 1, wallMs: 500, wallByteSeconds: GB / 8 }),
  row({ app: "shop", kind: "calls", function: "ask", cpuUs: 300, requests: 3, wallMs: 1_500, wallByteSeconds: (3 * GB) / 8 }),
];

test("an app's lines are what it used at its prices, and the total is theirs", () => {
  const [shop] = bill().apps;
  assert.deepEqual(
    shop?.lines.map(({ what, quantity, cost }) => [what, quantity, cost]),
    [
      ["cpu-run", 1.000001, 2.000002],
      ["cpu-bring-up", 0.75, 1.5],
      ["memory", 0.75, 7.5],
      ["requests", 4, 2],
    ],
  );
  assert.equal(shop.cost, 13.000002);
  assert.deepEqual(shop.wallClock, { seconds: 2, gbSeconds: 0.5, cost: 54 });
});

test("what no app used is billed to the platform, in parts, and is part of the total", () => {
  const { platform, total } = bill();
  assert.deepEqual([platform.cpuRunSeconds, platform.cpuBringUpSeconds, platform.gbSeconds, platform.cost], [2, 5, 3, 44]);
  assert.deepEqual(platform.parts, [
    { what: "server", cpuSeconds: 2, gbSeconds: 2, cost: 24 },
    { what: "templates", cpuSeconds: 4, gbSeconds: 0, cost: 8 },
    { what: "blanks", cpuSeconds: 1, gbSeconds: 1, cost: 12 },
    { what: "idle", cpuSeconds: 0, gbSeconds: 0, cost: 0 },
  ]);
  assert.equal(total.cost.toFixed(6), "57.000002");
  assert.equal(total.wallClock.cost, 54);
});

test("functions' shares sum to the app's figures: CPU by the estimate, the rest by time in flight, the dearest first", () => {
  const [shop] = bill().apps;
  assert.deepEqual(
    shop?.functions.map((share) => [share.function, share.cpuRunSeconds, share.cpuBringUpSeconds, share.gbSeconds, share.requests]),
    [
      ["ask", 0.333334, 0.5625, 0.5625, 3],
      ["pay", 0.666667, 0.1875, 0.1875, 1],
    ],
  );
});

test("what buckets and queues did and kept has lines and prices of its own", () => {
  const month30 = 730 * 3_600 * GB;
  const of = (service: string, given: Partial<UsageRow>) => row({ app: "shop", function: service, ...given });
  const used = [
    of("objects", { kind: "reads", requests: 4 }),
    of("objects", { kind: "writes", requests: 3 }),
    of("objects", { kind: "stored", byteSeconds: 2 * month30 }),
    of("objects", { kind: "out", byteSeconds: GB / 2 }),
    of("queues", { kind: "reads", requests: 10 }),
    of("queues", { kind: "writes", requests: 30 }),
    of("queues", { kind: "stored", byteSeconds: month30 }),
    of("kv", { kind: "reads", requests: 1 }),
  ];
  const [shop] = makeBill({ month, prices, rows: used, limits: new Map(), apps: [] }).apps;
  const lines = shop!.lines.slice(4).map(({ what, quantity, cost }) => [what, quantity, cost]);
  assert.deepEqual(lines, [
    ["reads", 1, prices.read],
    ["stored", 1, prices.storedGbMonth],
    ["object-reads", 4, 2],
    ["object-writes", 3, 6],
    ["object-stored", 2, 16],
    ["object-out", 0.5, 8],
    ["queue-requests", 40, 10],
  ]);
  assert.equal(shop!.cost, 42 + prices.read + prices.storedGbMonth);
  assert.deepEqual([shop!.requests, shop!.gbSeconds], [0, 0]);
});

test("an app that used nothing has a bill of nothing; limits say how much of them is used", () => {
  const limits = new Map([
    ["idle", { spend: 1, requests: null, cpuSeconds: null }],
    ["shop", { spend: 13, requests: 5, cpuSeconds: 100 }],
  ]);
  const [idle, shop] = makeBill({ month, prices, rows, limits, apps: ["idle"] }).apps;
  assert.deepEqual([idle?.cost, idle?.functions, idle?.limits], [0, [], [{ limit: "spend", used: 0, most: 1, state: "free" }]]);
  assert.deepEqual(
    shop?.limits.map(({ limit, state }) => [limit, state]),
    [
      ["spend", "reached"],
      ["requests", "warned"],
      ["cpuSeconds", "free"],
    ],
  );
});

function bill() {
  return makeBill({ month, prices, rows, limits: new Map(), apps: [] });
}

function row(given: Partial<UsageRow>): UsageRow {
  return { app: null, kind: "run", function: "", cpuUs: 0, byteSeconds: 0, requests: 0, wallMs: 0, wallByteSeconds: 0, ...given };
}
