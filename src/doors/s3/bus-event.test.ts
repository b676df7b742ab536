/** What event buses get of changes of buckets, of each kind. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Notice } from "../../services/objects/object.ts";
import { busEventOf } from "./bus-event.ts";

const notice: Notice = {
  seq: 26,
  at: Date.parse("2026-11-30T10:00:00.700Z"),
  event: "ObjectCreated:Put",
  rule: "event-bus",
  target: "event-bus",
  bucket: "photos",
  tenant: "main",
  region: "eu-west-1",
  key: "a b/ä.txt",
  size: 5,
  etag: "5d41402abc4b2a76b9719d911017c592",
  version: "v1",
  author: { principal: "me", tenant: "main", peer: "10.0.0.7", request: "REQ" },
};

test("an event says what AWS's says of a change", () => {
  const { id, ...event } = busEventOf(notice)!;
  assert.match(id, /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/);
  assert.equal(id, busEventOf({ ...notice })!.id, "a change that is told again has another id");
  assert.notEqual(id, busEventOf({ ...notice, seq: 27 })!.id);
  assert.deepEqual(event, {
    version: "0",
    "detail-type": "Object Created",
    source: "aws.s3",
    account: event.account,
    time: "2026-11-30T10:00:00Z",
    region: "eu-west-1",
    resources: ["arn:aws:s3:::photos"],
    detail: {
      version: "0",
      bucket: { name: "photos" },
      object: { key: "a b/ä.txt", size: 5, etag: notice.etag, "version-id": "v1", sequencer: "000000000000001A" },
      "request-id": "REQ",
      requester: event.account,
      "source-ip-address": "10.0.0.7",
      reason: "PutObject",
    },
  });
});

test("each kind of change has its type and its reasons", () => {
  const seen = (event: string, more: Partial<Notice> = {}) => {
    const { "detail-type": type, detail } = busEventOf({ ...notice, event, ...more })!;
    const { object, reason, "deletion-type": deletion, requester } = detail as Record<string, unknown>;
    return [type, reason, deletion, Object.keys(object as object).join(), requester === busEventOf(notice)!.account ? "own" : requester];
  };
  const whole = "key,size,etag,version-id,sequencer";
  assert.deepEqual(seen("ObjectCreated:Copy"), ["Object Created", "CopyObject", undefined, whole, "own"]);
  assert.deepEqual(seen("ObjectCreated:CompleteMultipartUpload", { version: undefined }), [
    "Object Created",
    "CompleteMultipartUpload",
    undefined,
    "key,size,etag,sequencer",
    "own",
  ]);
  assert.deepEqual(seen("ObjectCreated:Post", { author: { principal: "anonymous", peer: "10.0.0.7", request: "REQ" } }).toSpliced(3, 1), [
    "Object Created",
    "POST Object",
    undefined,
    "anonymous",
  ]);
  assert.deepEqual(seen("ObjectRemoved:Delete", { etag: "", version: undefined }), [
    "Object Deleted",
    "DeleteObject",
    "Permanently Deleted",
    "key,sequencer",
    "own",
  ]);
  assert.deepEqual(seen("ObjectRemoved:DeleteMarkerCreated", { etag: "" }).slice(0, 3), [
    "Object Deleted",
    "DeleteObject",
    "Delete Marker Created",
  ]);
  assert.deepEqual(seen("LifecycleExpiration:Delete", { author: undefined }).toSpliced(3, 1), [
    "Object Deleted",
    "Lifecycle Expiration",
    "Permanently Deleted",
    "s3.amazonaws.com",
  ]);
  for (const [event, type] of [
    ["ObjectTagging:Put", "Object Tags Added"],
    ["ObjectTagging:Delete", "Object Tags Deleted"],
    ["ObjectAcl:Put", "Object ACL Updated"],
  ] as const)
    assert.deepEqual(seen(event), [type, undefined, undefined, "key,etag,version-id", "own"]);
});
