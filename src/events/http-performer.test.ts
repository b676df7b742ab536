import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import type { ClaimedEvent } from "./event.ts";
import { httpPerformer, type HttpPerformerOptions, signatureOf } from "./http-performer.ts";

const lane = { performer: "http", app: "app_a", target: "https://example.org/hook?a=b" };
const event = { id: "e1", payload: Buffer.from('{"a":1}'), about: { secret: "KEY" } } as unknown as ClaimedEvent;

function outcome(post: HttpPerformerOptions["post"], secret = () => "whsec_a2V5") {
  return httpPerformer({ post, secret, now: () => 1_700_000_000_999 }).perform(event, lane, 1);
}

test("a delivery is a POST of the payload, signed as Standard Webhooks says", async () => {
  let sent: unknown;
  const done = await outcome(async (...all) => {
    sent = all.slice(0, 4);
    return { status: 204, body: Buffer.from("ok") };
  });
  assert.equal(done.kind, "done");
  const signature = createHmac("sha256", "key").update('e1.1700000000.{"a":1}').digest("base64");
  assert.deepEqual(sent, [
    "app_a",
    new URL("https://example.org/hook?a=b"),
    {
      "content-type": "application/json",
      "content-length": "7",
      "webhook-id": "e1",
      "webhook-timestamp": "1700000000",
      "webhook-signature": `v1,${signature}`,
    },
    event.payload,
  ]);
  assert.equal(
    signatureOf("a key of text", "i", "1", Buffer.alloc(0)),
    `v1,${createHmac("sha256", "a key of text").update("i.1.").digest("base64")}`,
  );
});

test("only a status of 2xx is a delivery, and 410 ends them", async () => {
  const kinds = [];
  for (const status of [200, 299, 301, 404, 410, 500]) kinds.push((await outcome(async () => ({ status, body: Buffer.alloc(0) }))).kind);
  assert.deepEqual(kinds, ["done", "done", "failed", "failed", "gone", "failed"]);
});

test("a receiver that cannot be reached, and a secret that is not set, are failures with their reason", async () => {
  const unreachable = await outcome(async () => Promise.reject(new Error("it may not be reached")));
  assert.deepEqual([unreachable.kind, "why" in unreachable && unreachable.why], ["failed", "it may not be reached"]);
  const unset = await outcome(
    async () => assert.fail(),
    () => {
      throw new Error("the secret is not set");
    },
  );
  assert.deepEqual([unset.kind, "why" in unset && unset.why], ["failed", "the secret is not set"]);
});
