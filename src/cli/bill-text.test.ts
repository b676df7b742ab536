import assert from "node:assert/strict";
import { test } from "node:test";
import { makeBill } from "../store/ledger/bill.ts";
import type { UsageRow } from "../store/ledger/ledger.ts";
import { defaultPrices } from "../base/config/prices.ts";
import { appBillInWords, billInWords } from "./bill-text.ts";
import { comparedInWords, money } from "./units.ts";

const NOVEMBER = Date.UTC(2026, 10, 5);
const GB = 2 ** 30;
const rows = [
  row({ app: null, kind: "start", cpuUs: 1_000_000, byteSeconds: GB }),
  row({ app: "shop", kind: "start", cpuUs: 500_000 }),
  row({ app: "shop", kind: "run", cpuUs: 12_345_678, byteSeconds: 200 * GB }),
  row({ app: "shop", kind: "calls", function: "pay", cpuUs: 10, requests: 10_000, wallMs: 500_000, wallByteSeconds: 125 * GB }),
];
const limits = new Map([["shop", { spend: 0.00045, requests: null, cpuSeconds: 100 }]]);
const bill = makeBill({ month: "2026-11", prices: defaultPrices, rows, limits, apps: [] });

test("the operator's bill has apps, the platform's parts, the total, and what is over 80 % of a limit", () => {
  const [title, , ...lines] = billInWords(bill, NOVEMBER).split("\n");
  assert.equal(title, "Bill for 2026-11 (UTC), so far; amounts in USD");
  assert.deepEqual(lines.slice(0, 7), [
    "APP          REQUESTS      CPU  BRING-UP  GB·S       COST  WALL-CLOCK PRICE     MAYFLY IS",
    "shop            10000   12.3 s   0.500 s   200   0.000391           0.00408  10 × cheaper",
    "(server)            -  0.000 s         -  0.00          0                 -             -",
    "(templates)         -        -   0.000 s  0.00          0                 -             -",
    "(blanks)            -        -   1.000 s  1.00  0.0000125                 -             -",
    "(idle)              -  0.000 s         -  0.00          0                 -             -",
    "total           10000   12.3 s   1.500 s   201   0.000404           0.00408  10 × cheaper",
  ]);
  assert.equal(lines[8], "shop: spending: 0.000391 USD of 0.000450 USD (86 %)");
  assert.doesNotMatch(billInWords(bill, Date.UTC(2027, 0)), /so far/);
});

test("an app's bill has its lines, the comparison, its functions and its limits", () => {
  const [shop] = bill.apps;
  const text = appBillInWords({ month: "2026-11", prices: defaultPrices, bill: shop! }, NOVEMBER);
  assert.match(text, /CPU of functions +12\.346 s +0\.0000112 +0\.000139\n/);
  assert.match(
    text,
    /At wall-clock prices: 0\.00408 USD \(10000 requests of 500\.0 s in all, 125 GB·s by what the app asks for\)\. Mayfly is 10 × cheaper\./,
  );
  assert.match(text, /pay +10000 +500\.0 s +12\.3 s +0\.500 s +200 +0\.000391\n/);
  assert.match(text, /Limit of spending: 0\.000391 USD of 0\.000450 USD \(86 %\)\nLimit of CPU time: 12\.8 s of 100\.0 s \(12 %\)$/);
});

test("money has cents, or three digits that count", () => {
  assert.deepEqual([0, 12.345, 0.5, 0.0000123456].map(money), ["0", "12.35", "0.500", "0.0000123"]);
});

test("a cost is compared with a wall-clock price: the text says which is lower, and by how much", () => {
  const said = [
    [1, 54],
    [3.4, 1],
    [1, 1.02],
    [1.02, 1],
    [1, 9.96],
    [0, 1],
    [1, 0],
  ].map(([cost, price]) => comparedInWords(cost!, price!));
  assert.deepEqual(said, ["54 × cheaper", "3.4 × dearer", "as dear", "as dear", "10.0 × cheaper", "-", "-"]);
  const dear = makeBill({
    month: "2026-11",
    prices: defaultPrices,
    rows: [
      row({ app: "slow", kind: "start", cpuUs: 9_000_000 }),
      row({ app: "slow", kind: "calls", function: "main", requests: 1, wallMs: 1_000, wallByteSeconds: GB }),
    ],
    limits: new Map(),
    apps: [],
  });
  assert.match(billInWords(dear, NOVEMBER), /\nslow .* 6\.0 × dearer\n/);
  assert.match(appBillInWords({ month: "2026-11", prices: defaultPrices, bill: dear.apps[0]! }, NOVEMBER), /Mayfly is 6\.0 × dearer\./);
});

function row(given: Partial<UsageRow>): UsageRow {
  return { app: null, kind: "run", function: "", cpuUs: 0, byteSeconds: 0, requests: 0, wallMs: 0, wallByteSeconds: 0, ...given };
}
