/** What an event bus gets of a change of a bucket: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html */
import { createHash } from "node:crypto";
import { accountOf } from "../../control/lambda/names.ts";
import type { BusEvent } from "../../events/bus/bus.ts";
import type { Notice } from "../../services/objects/object.ts";
import { sequencerOf } from "./notification-record.ts";

const DELETED = { type: "Object Deleted", hasSequence: true };
const MARKED = { "deletion-type": "Delete Marker Created" };
const FOR_GOOD = { "deletion-type": "Permanently Deleted" };

interface Kind {
  type: string;
  /** Whether the object's size is told. */
  hasSize?: boolean;
  /** Whether later changes of the object have a larger sequencer. */
  hasSequence?: boolean;
  more?: Readonly<Record<string, string>>;
}

const created = (reason: string): Kind => ({ type: "Object Created", hasSize: true, hasSequence: true, more: { reason } });

const kinds = new Map<string, Kind>([
  ["ObjectCreated:Put", created("PutObject")],
  ["ObjectCreated:Post", created("POST Object")],
  ["ObjectCreated:Copy", created("CopyObject")],
  ["ObjectCreated:CompleteMultipartUpload", created("CompleteMultipartUpload")],
  ["ObjectRemoved:Delete", { ...DELETED, more: { reason: "DeleteObject", ...FOR_GOOD } }],
  ["ObjectRemoved:DeleteMarkerCreated", { ...DELETED, more: { reason: "DeleteObject", ...MARKED } }],
  ["LifecycleExpiration:Delete", { ...DELETED, more: { reason: "Lifecycle Expiration", ...FOR_GOOD } }],
  ["LifecycleExpiration:DeleteMarkerCreated", { ...DELETED, more: { reason: "Lifecycle Expiration", ...MARKED } }],
  ["ObjectTagging:Put", { type: "Object Tags Added" }],
  ["ObjectTagging:Delete", { type: "Object Tags Deleted" }],
  ["ObjectAcl:Put", { type: "Object ACL Updated" }],
]);

/** Undefined: there is no event of EventBridge for such a change. */
export function busEventOf(notice: Notice): BusEvent | undefined {
  const { at, bucket, tenant, region, key, size, etag, version, author, seq } = notice;
  const kind = kinds.get(notice.event);
  if (kind === undefined) return undefined;
  const object = {
    key,
    ...(kind.hasSize && { size }),
    ...(etag !== "" && { etag }),
    ...(version !== undefined && { "version-id": version }),
    ...(kind.hasSequence && { sequencer: sequencerOf(seq) }),
  };
  return {
    version: "0",
    id: idOf(notice),
    "detail-type": kind.type,
    source: "aws.s3",
    account: accountOf(tenant),
    time: `${new Date(at).toISOString().slice(0, 19)}Z`,
    region,
    resources: [`arn:aws:s3:::${bucket}`],
    detail: {
      version: "0",
      bucket: { name: bucket },
      object,
      ...(author && { "request-id": author.request }),
      requester: author === undefined ? "s3.amazonaws.com" : author.tenant === undefined ? "anonymous" : accountOf(author.tenant),
      ...(author && { "source-ip-address": author.peer }),
      ...kind.more,
    },
  };
}

/** The same however often the change is told, so that receivers can tell what came twice. */
function idOf({ seq, at, bucket, key, event }: Notice): string {
  const digits = createHash("sha256")
    .update(JSON.stringify([seq, at, bucket, key, event]))
    .digest("hex");
  return [0, 8, 12, 16, 20].map((from, place) => digits.slice(from, [8, 12, 16, 20, 32][place])).join("-");
}
