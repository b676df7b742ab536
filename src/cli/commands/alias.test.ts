import assert from "node:assert/strict";
import { test } from "node:test";
import { collectTarget, refuseUnclear } from "./alias.ts";
import { hostsOf, outcomeInWords } from "./deploy.ts";

const typed = (...words: string[]) => words.reduce<ReturnType<typeof collectTarget>>((before, word) => collectTarget(word, before), []);

test("weights may be written as percentages", () => {
  const targets = typed("2=90%", "3=10%");
  assert.deepEqual(
    targets.map(({ revision, weight }) => [revision, weight]),
    [
      [2, 90],
      [3, 10],
    ],
  );
  refuseUnclear(targets);
});

test("targets of which it is unclear what their shares are to be are refused, with what to write", () => {
  const refused = (words: string[], message: RegExp) => assert.throws(() => refuseUnclear(typed(...words)), { code: "not-done", message });
  refused(["2", "3=90"], /some revisions have a weight, and others have none; write, for example, 2=90% 3=10%/);
  refused(["2=90%", "3=10"], /some weights are percentages/);
  refused(["2=90%", "3=20%"], /110 % in all/);
  for (const words of [["2"], ["2", "3"], ["2=7", "3=1"]]) refuseUnclear(typed(...words));
  assert.throws(() => collectTarget("2=0%"), /weight above 0/);
});

test("a deploy says if nothing changed, and which split it ended", () => {
  const target = (number: number, weight: number) => ({ revision: `rev_${number}`, number, weight });
  const said = (changed: boolean, ...before: ReturnType<typeof target>[]) =>
    outcomeInWords({ app: "shop", number: 3, changed, before, canary: null });
  assert.equal(said(false, target(3, 1)), "Nothing changed: this is revision 3 of shop, which is live already.");
  assert.equal(said(true, target(2, 1)), "Deployed shop, revision 3:");
  assert.equal(
    said(true, target(2, 90), target(1, 10)),
    "Deployed shop, revision 3. This ended the split of its calls, which was 2 90 %, 1 10 %.",
  );
});

test("a deploy says where each host leads, with the gateway's protocol and port", () => {
  const hosts = { "www.shop.example": "api", "shop.example:80": "$routes", "Bücher.example.": "public/" };
  assert.deepEqual(hostsOf({ hosts }, "https://127.0.0.1:8443"), [
    { url: "https://www.shop.example:8443/", to: "api" },
    { url: "https://shop.example:8443/", to: "$routes" },
    { url: "https://xn--bcher-kva.example.:8443/", to: "public/" },
  ]);
  assert.deepEqual(hostsOf({ hosts: { "a.example": "api" } }, "https://faas.example"), [{ url: "https://a.example/", to: "api" }]);
});
