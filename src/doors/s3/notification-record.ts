/** What is told of a change, as AWS documents it. */
import type { Notice } from "../../services/objects/object.ts";
import { canonicalId } from "./access/acl.ts";

/** Of no bytes, as markers have. */
const EMPTY_ETAG = "d41d8cd98f00b204e9800998ecf8427e";

/** The event that a function or a queue gets: one record. */
export function notificationEvent(notice: Notice): { Records: unknown[] } {
  const { at, event, rule, bucket, tenant, region, key, size, etag, version, author, seq } = notice;
  const isRemoval = event.startsWith("ObjectRemoved:") || event.startsWith("LifecycleExpiration:");
  const isOfTags = event.startsWith("ObjectTagging:") || event.startsWith("ObjectAcl:");
  const record = {
    eventVersion: isOfTags ? "2.3" : "2.1",
    eventSource: "aws:s3",
    awsRegion: region,
    eventTime: new Date(at).toISOString(),
    eventName: event,
    userIdentity: { principalId: author?.principal ?? "s3.amazonaws.com" },
    requestParameters: { sourceIPAddress: author?.peer ?? "s3.amazonaws.com" },
    responseElements: { "x-amz-request-id": author?.request ?? "", "x-amz-id-2": author?.request ?? "" },
    s3: {
      s3SchemaVersion: "1.0",
      configurationId: rule,
      bucket: { name: bucket, ownerIdentity: { principalId: canonicalId(tenant) }, arn: `arn:aws:s3:::${bucket}` },
      object: {
        // As in a form: a blank is a plus sign.
        key: encodeURIComponent(key).replaceAll("%20", "+").replaceAll("%2F", "/"),
        ...(!isRemoval && !isOfTags && { size }),
        ...(!isRemoval && { eTag: etag }),
        ...(event.endsWith(":DeleteMarkerCreated") && { eTag: EMPTY_ETAG }),
        // AWS does not name the version that has no id.
        ...(version !== undefined && version !== "null" && { versionId: version }),
        // Later changes of an object have larger ones.
        ...(!isOfTags && { sequencer: sequencerOf(seq) }),
      },
    },
  };
  return { Records: [record] };
}

export function sequencerOf(seq: number): string {
  return seq.toString(16).toUpperCase().padStart(16, "0");
}

/** What a queue gets when a bucket is told to send its changes there. */
export function testEvent({ name, id, now }: { name: string; id: string; now: number }): unknown {
  return { Service: "Amazon S3", Event: "s3:TestEvent", Time: new Date(now).toISOString(), Bucket: name, RequestId: id, HostId: id };
}
