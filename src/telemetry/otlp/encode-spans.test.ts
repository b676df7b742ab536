import assert from "node:assert/strict";
import { test } from "node:test";
import type { InvocationEnded } from "../platform-event.ts";
import { tracesRequest } from "./encode-spans.ts";

const teller = { version: "1", host: "h", instance: "i" };
const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const ended: InvocationEnded = {
  type: "invocation-ended",
  at: 1_700_000_000_100,
  invocation: "i",
  app: "app_1",
  function: "buy",
  machine: "m1",
  appGone: false,
  revision: "r1",
  memoryMb: 128,
  branch: null,
  outcome: "replied",
  details: null,
  status: 200,
  spans: { queue: 0, start: 0, bind: 20, run: 30 },
  slotMs: 80,
  requestBytes: 3,
  replyBytes: 5,
  kind: "http",
  attempt: 1,
  source: null,
  traceparent: trace,
  recorded: { traceparent: trace, parentSpan: "", links: undefined, method: "GET", lastedMs: 100 },
};

function spansOf(event: Partial<InvocationEnded>): any[] {
  const { body, count } = tracesRequest([{ ...ended, ...event }], teller, () => ({ tenant: "main", app: "shop" }));
  const { spans } = (body as any).resourceSpans[0].scopeSpans[0];
  assert.equal(count, spans.length);
  return spans;
}

const attributeOf = (span: any, name: string) => span.attributes.find(({ key }: any) => key === name)?.value.stringValue;

test("the spans below an invocation follow each other within its own, and the last one ends with it", () => {
  const [whole, ...children] = spansOf({});
  assert.deepEqual(
    children.map(({ name, startTimeUnixNano, endTimeUnixNano }) => [name, startTimeUnixNano, endTimeUnixNano]),
    [
      ["bind", "1700000000000000000", "1700000000020000000"],
      ["run", "1700000000020000000", "1700000000100000000"],
    ],
  );
  assert.deepEqual([whole.startTimeUnixNano, whole.endTimeUnixNano], ["1700000000000000000", "1700000000100000000"]);
});

test("a failure is told by its code, or by the status of the reply; what the caller did wrong is none", () => {
  const told = (event: Partial<InvocationEnded>) => {
    const [whole] = spansOf(event);
    return [attributeOf(whole, "error.type"), whole.status?.code, whole.status?.message];
  };
  assert.deepEqual(told({}), [undefined, undefined, undefined]);
  assert.deepEqual(told({ status: 404 }), [undefined, undefined, undefined]);
  assert.deepEqual(told({ status: 503 }), ["503", 2, undefined]);
  assert.deepEqual(told({ outcome: "function-threw", status: 0 }), ["function-threw", 2, "function-threw"]);
  assert.deepEqual(told({ outcome: "aborted", status: 0 }), ["aborted", undefined, undefined]);
});

test("of an app that is gone nothing is told, and nothing counts as sent", () => {
  assert.deepEqual(
    tracesRequest([ended], teller, () => undefined),
    { body: { resourceSpans: [] }, count: 0 },
  );
});
