import assert from "node:assert/strict";
import { test } from "node:test";
import type { AppInfo } from "../../doors/admin/schemas.ts";
import { versionsInWords } from "./versions.ts";

test("the revisions of an app are listed with their age, their share of the calls, and their aliases", () => {
  const revision = (number: number) => ({
    id: `rev_${number}`,
    number,
    digest: `${number}`.repeat(64),
    createdAt: 1_000 * number,
    runtimes: number === 3 ? ["node", "python"] : ["node"],
  });
  const target = (number: number, weight: number) => ({ revision: `rev_${number}`, number, weight });
  const app = {
    revisions: [revision(3), revision(2), revision(1)],
    aliases: [
      { name: "canary", targets: [target(2, 3), target(3, 1)] },
      { name: "live", targets: [target(2, 90), target(3, 10)] },
      { name: "old", targets: [target(1, 1)] },
    ],
  } as unknown as AppInfo;
  const rows = versionsInWords(app, 10_000)
    .split("\n")
    .map((row) => row.trim().replaceAll(/ {2,}/g, " | "));
  assert.deepEqual(rows, [
    "NUMBER | ID | DIGEST | AGE | RUNTIMES | LIVE | ALIASES",
    "3 | rev_3 | 333333333333 | 7s | node, python | 10 % | canary 25 %",
    "2 | rev_2 | 222222222222 | 8s | node | 90 % | canary 75 %",
    "1 | rev_1 | 111111111111 | 9s | node | old",
  ]);
});
