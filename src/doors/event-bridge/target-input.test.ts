import assert from "node:assert/strict";
import { test } from "node:test";
import type { BusEvent } from "../../events/bus/bus.ts";
import { payloadOf, type TargetDefinition } from "./target-input.ts";

const account = { tenant: "ten_a", account: "000000000000", region: "eu-central-1" };
const event: BusEvent = {
  version: "0",
  id: "e1",
  "detail-type": "order.paid",
  source: "shop",
  account: account.account,
  time: "2026-11-30T10:00:00Z",
  region: account.region,
  resources: ["r1"],
  detail: { n: 7, name: 'the "first"', list: [{ a: 1 }, { a: 2 }], "a.b": true },
};
const rule = { name: "r", arn: "arn:r", now: Date.UTC(2026, 10, 30) };

function payload(given: TargetDefinition["given"]): string {
  return payloadOf({ account, given }, event, rule).toString();
}

test("a target gets the event, a part of it, or a constant", () => {
  assert.deepEqual(JSON.parse(payload({})), event);
  assert.equal(payload({ Input: '{"a": 1}' }), '{"a": 1}');
  assert.equal(payload({ InputPath: "$.detail.n" }), "7");
  assert.equal(payload({ InputPath: "$.detail.list[1].a" }), "2");
  assert.equal(payload({ InputPath: "$.detail['a.b']" }), "true");
  assert.equal(payload({ InputPath: "$.detail-type" }), '"order.paid"');
  assert.equal(payload({ InputPath: "$.detail.constructor" }), "null");
  assert.deepEqual(JSON.parse(payload({ InputPath: "$" })), event);
});

test("a template's variables are values outside of quotation marks, and texts within", () => {
  const transformed = (InputTemplate: string) =>
    payload({
      InputTransformer: { InputPathsMap: { n: "$.detail.n", name: "$.detail.name", list: "$.detail.list", no: "$.no" }, InputTemplate },
    });
  assert.equal(transformed('{"n": <n>, "list": <list>}'), '{"n": 7, "list": [{"a":1},{"a":2}]}');
  assert.deepEqual(JSON.parse(transformed('{"text": "<name> is <n> of <list>, <no>!"}')), {
    text: 'the "first" is 7 of [{"a":1},{"a":2}], !',
  });
  assert.deepEqual(JSON.parse(transformed('{"gone": <no>, "rule": <aws.events.rule-name>}')), { gone: null, rule: "r" });
  assert.deepEqual(JSON.parse(transformed('{"all": <aws.events.event.json>}')), { all: event });
  assert.equal(transformed('"<name>"'), JSON.stringify('the "first"'));
  assert.equal(transformed("<n> and <other>"), '"7 and <other>"');
});

test("a template that names a large event again and again makes no text of any length", () => {
  const large = { ...event, detail: { text: "x".repeat(10_000) } };
  const InputTemplate = '{"all":[<aws.events.event>' + ",<aws.events.event>".repeat(200) + "]}";
  assert.throws(() => payloadOf({ account, given: { InputTransformer: { InputTemplate } } }, large, rule), /longer than 1048576/);
});
