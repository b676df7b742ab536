/** What is told of a change. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Notice } from "../../services/objects/object.ts";
import { notificationEvent } from "./notification-record.ts";

const notice: Notice = {
  seq: 26,
  at: 0,
  event: "ObjectCreated:Put",
  rule: "r",
  target: "t",
  bucket: "photos",
  tenant: "ten_a",
  region: "us-east-1",
  key: "in/a b@c",
  size: 1,
  etag: "e",
  version: "v",
  author: undefined,
};

test("a record has what its kind of change has", () => {
  const object = (changes: Partial<Notice>) =>
    (notificationEvent({ ...notice, ...changes }).Records[0] as { s3: { object: Record<string, unknown> } }).s3.object;
  const key = "in/a+b%40c";
  const sequencer = "000000000000001A";
  assert.deepEqual(object({}), { key, size: 1, eTag: "e", versionId: "v", sequencer });
  assert.deepEqual(object({ event: "ObjectRemoved:Delete" }), { key, versionId: "v", sequencer });
  const marker = { event: "ObjectRemoved:DeleteMarkerCreated", etag: "" };
  assert.deepEqual(object(marker), { key, eTag: "d41d8cd98f00b204e9800998ecf8427e", versionId: "v", sequencer });
  assert.deepEqual(object({ event: "ObjectTagging:Put", version: undefined }), { key, eTag: "e" });
  // The version that has no id is not named.
  assert.deepEqual(object({ version: "null" }), { key, size: 1, eTag: "e", sequencer });
});
