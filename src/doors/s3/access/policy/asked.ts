/** What a bucket's policy is asked of a request. */
import { accountOf } from "../../../../control/lambda/names.ts";
import type { Tags } from "../../../../services/objects/object.ts";
import type { S3Call } from "../../call.ts";
import { tagsOfQuery } from "../../request/object-headers.ts";
import { isOldSignature } from "../../request/signature-v2.ts";
import { isSecret } from "./conditions.ts";
import type { Asked } from "./policy.ts";

/** Where AWS's policies name what an operation does otherwise than the operation is named. */
const actions: Readonly<Record<string, string>> = {
  HeadBucket: "ListBucket",
  ListObjects: "ListBucket",
  ListObjectVersions: "ListBucketVersions",
  ListMultipartUploads: "ListBucketMultipartUploads",
  ListParts: "ListMultipartUploadParts",
  HeadObject: "GetObject",
  CopyObject: "PutObject",
  PostObject: "PutObject",
  CreateMultipartUpload: "PutObject",
  UploadPart: "PutObject",
  UploadPartCopy: "PutObject",
  CompleteMultipartUpload: "PutObject",
  DeleteObjects: "DeleteObject",
  GetBucketNotificationConfiguration: "GetBucketNotification",
  PutBucketNotificationConfiguration: "PutBucketNotification",
  GetBucketLifecycleConfiguration: "GetLifecycleConfiguration",
  PutBucketLifecycleConfiguration: "PutLifecycleConfiguration",
  DeleteBucketLifecycleConfiguration: "PutLifecycleConfiguration",
  GetBucketCors: "GetBucketCORS",
  PutBucketCors: "PutBucketCORS",
  DeleteBucketCors: "PutBucketCORS",
  DeleteBucketTagging: "PutBucketTagging",
  GetBucketEncryption: "GetEncryptionConfiguration",
  DeleteBucketEncryption: "PutEncryptionConfiguration",
  GetBucketReplication: "GetReplicationConfiguration",
  DeleteBucketReplication: "PutReplicationConfiguration",
  GetBucketAccelerateConfiguration: "GetAccelerateConfiguration",
  GetPublicAccessBlock: "GetBucketPublicAccessBlock",
  PutPublicAccessBlock: "PutBucketPublicAccessBlock",
  DeletePublicAccessBlock: "PutBucketPublicAccessBlock",
  DeleteBucketOwnershipControls: "PutBucketOwnershipControls",
  GetObjectLockConfiguration: "GetBucketObjectLockConfiguration",
  PutObjectLockConfiguration: "PutBucketObjectLockConfiguration",
};
/** Of these, an operation on a version that is named is another action. */
const ofVersions =
  /^(?:GetObject|DeleteObject|GetObjectAcl|PutObjectAcl|GetObjectTagging|PutObjectTagging|DeleteObjectTagging|GetObjectAttributes)$/;

/** @param tags of the object that is read or changed, where they are known */
export function askedOf(
  call: Pick<S3Call, "operation" | "caller" | "name" | "key" | "query" | "headers" | "begun" | "author" | "now" | "origin" | "isPresigned">,
  tags: Tags = {},
): Asked {
  const { operation, caller, name, key, query, headers, begun, author, now, origin, isPresigned } = call;
  const base = actions[operation] ?? operation;
  const action = query.has("versionId") && ofVersions.test(base) ? base.replace("Object", "ObjectVersion") : base;
  const account = caller === null ? null : accountOf(caller.tenant);
  const facts = new Map<string, string>();
  const set = (fact: string, value: string | null | undefined) => {
    if (value !== undefined && value !== null) facts.set(fact, value);
  };
  set("aws:currenttime", new Date(now).toISOString());
  set("aws:epochtime", String(Math.floor(now / 1_000)));
  set("aws:securetransport", String(origin.startsWith("https:")));
  set("aws:sourceip", author.peer.replace(/^::ffff:(?=\d+\.)/, ""));
  set("aws:referer", headers["referer"]);
  set("aws:useragent", headers["user-agent"]);
  set("aws:principaltype", caller === null ? "Anonymous" : "User");
  if (caller !== null) {
    set("aws:username", caller.principal.name);
    set("aws:userid", caller.principal.id);
    set("aws:principalaccount", account);
    set("aws:principalarn", `arn:aws:iam::${account!}:user/${caller.principal.name}`);
  }
  if (call.caller !== null) set("s3:signatureversion", isOldSignature(headers, query) ? "AWS" : "AWS4-HMAC-SHA256");
  set("s3:authtype", isPresigned ? "REST-QUERY-STRING" : caller === null ? undefined : "REST-HEADER");
  for (const parameter of ["prefix", "delimiter", "max-keys"]) set(`s3:${parameter}`, query.get(parameter));
  set("s3:versionid", query.get("versionId"));
  // Clients say of an upload how it is to be encrypted, and have no way to say it of its parts.
  if (begun?.by === "server") set("s3:x-amz-server-side-encryption", "AES256");
  if (begun?.by === "customer") set("s3:x-amz-server-side-encryption-customer-algorithm", "AES256");
  for (const [header, value] of Object.entries(headers)) if (header.startsWith("x-amz-") && !isSecret(header)) set(`s3:${header}`, value);
  for (const [tag, value] of Object.entries(tags)) set(`s3:existingobjecttag/${tag.toLowerCase()}`, value);
  if (headers["x-amz-tagging"] !== undefined)
    for (const [tag, value] of Object.entries(tagsOfQuery(headers["x-amz-tagging"])))
      set(`s3:requestobjecttag/${tag.toLowerCase()}`, value);
  return {
    caller: caller === null ? null : { account: account!, tenant: caller.tenant, user: caller.principal.name },
    action: `s3:${action}`,
    resource: key === "" ? name : `${name}/${key}`,
    facts,
  };
}
