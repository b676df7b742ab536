/** As replies.test.ts, for the replies about what apps keep and are allowed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type * as replies from "../../dashboard/model/app-replies.ts";
import type { Reply } from "../admin/endpoint.ts";

/** Does not compile if the API's reply lacks something that the page expects. */
type Has<Page, Api extends Page> = [Page, Api];

interface Expected {
  limits: Has<replies.LimitsReply, Reply<"GET /v1/apps/{app}/limits">>;
  queues: Has<replies.QueueListReply, Reply<"GET /v1/queues">>;
  messages: Has<replies.QueueMessagesReply, Reply<"GET /v1/queues/{queue}/messages">>;
  stores: Has<replies.KeyValueStoresReply, Reply<"GET /v1/apps/{app}/kv">>;
  keys: Has<replies.KeyListReply, Reply<"GET /v1/apps/{app}/kv/{store}/keys">>;
  value: Has<replies.KeyValueReply, Reply<"GET /v1/apps/{app}/kv/{store}/value">>;
  buckets: Has<replies.BucketListReply, Reply<"GET /v1/buckets">>;
  objects: Has<replies.ObjectListReply, Reply<"GET /v1/buckets/{bucket}/objects">>;
  databases: Has<replies.DatabaseListReply, Reply<"GET /v1/apps/{app}/sql">>;
  copies: Has<replies.SqlCopiesReply, Reply<"GET /v1/apps/{app}/sql/{database}/copies">>;
  reply: Has<replies.FunctionReply, Reply<"POST /v1/apps/{app}/functions/{function}/call">>;
}

test("what pages expect of these replies is what they have", () => {
  const expected: Partial<Expected> = {};
  assert.deepEqual(expected, {});
});
