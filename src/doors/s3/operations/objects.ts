/** The writing and the removal of objects, and what other operations write by the same rules. */
import type { AskedEncryption, Conditions, ObjectAbout } from "../../../services/objects/object.ts";
import type { Stored } from "../../../services/objects/objects.ts";
import { isVersionId } from "../../../services/objects/version-id.ts";
import { aclOfHeaders } from "../access/acl.ts";
import { admitAcl, authorize, isDeniedBesides, mayAlso, ownership } from "../access/authorize.ts";
import type { S3Call, S3Operation } from "../call.ts";
import { contentOf, MOST_PUT_BYTES } from "../request/body.ts";
import { customersKey, encryptionHeaders, encryptionOf } from "../request/encryption.ts";
import { aboutOf } from "../request/object-headers.ts";
import { unquoted } from "../request/reading.ts";
import { invalidVersion, S3Error } from "../s3-error.ts";
import { expiration } from "./object-reads.ts";

const deleteObject: S3Operation = {
  operation: "DeleteObject",
  method: "DELETE",
  level: "object",
  right: "deploy",
  others: "WRITE",
  async handle(call) {
    const { objects, name, key, query, headers, author } = call;
    const version = query.get("versionId") ?? undefined;
    const conditions = removalConditions(headers);
    const bypasses = bypassesLock(call);
    if (version !== undefined) await refuseForeign(call, version);
    const removed = await objects.remove({ bucket: name, key, version, conditions, bypasses, author });
    return {
      status: 204,
      headers: { "x-amz-version-id": removed.version, "x-amz-delete-marker": removed.isMarker ? "true" : undefined },
    };
  },
};

export const objectOperations: readonly S3Operation[] = [
  {
    operation: "PutObject",
    method: "PUT",
    level: "object",
    right: "deploy",
    others: "WRITE",
    async handle(call) {
      const { objects, name, key, headers, author } = call;
      const about = await newAbout(call);
      const encrypt = encryptionOf(call);
      const conditions = writeConditions(headers);
      const { source, algorithm, also, check } = contentOf(call);
      const stored = await objects.put(
        {
          bucket: name,
          key,
          about,
          algorithm: algorithm ?? "CRC64NVME",
          also,
          check,
          most: MOST_PUT_BYTES,
          conditions,
          encrypt,
          how: "Put",
          author,
        },
        source,
      );
      return { headers: { ...headersOfStored(stored, encrypt), ...expiration(call, key, about, stored) } };
    },
  },
  deleteObject,
];

/** Throws "AccessDenied". @param call that removes this object besides others */
export function authorizeRemoval(call: S3Call, key: string, version: string | undefined): void {
  const query = new URLSearchParams(version === undefined ? {} : { versionId: version });
  authorize({ ...call, operation: deleteObject.operation, key, query }, deleteObject);
}

/** Whether a removal goes on though a lock in mode GOVERNANCE protects the version. Throws an S3Error if the bucket has no lock. */
export function bypassesLock(call: S3Call): boolean {
  if (call.headers[BYPASS] !== undefined && call.bucket.settings.lock === undefined)
    throw new S3Error("InvalidArgument", { ArgumentName: BYPASS }, `${BYPASS} is only applicable to Object Lock enabled buckets.`);
  return mayBypassLock(call);
}

/** Whether the caller asks for it, and may. */
export function mayBypassLock(call: S3Call): boolean {
  return call.headers[BYPASS]?.toLowerCase() === "true" && mayAlso(call, "BypassGovernanceRetention");
}

const BYPASS = "x-amz-bypass-governance-retention";

/** The removal of a version that was there once is no error, and that of one that no version ever was is one. */
async function refuseForeign({ objects, name, key }: S3Call, version: string): Promise<void> {
  if (isVersionId(version)) return;
  // Ids of older versions of Mayfly look like any others.
  await objects.head(name, key, version).catch((error: unknown) => {
    throw (error as { code?: string }).code === "no-such-object" ? invalidVersion(version) : error;
  });
}

/** What a request says of the object that it makes, with its list. */
export async function newAbout(call: S3Call): Promise<ObjectAbout> {
  const { headers, bucket, caller, now } = call;
  const rule = ownership(bucket);
  const isGivenAway = rule === "BucketOwnerPreferred" && headers["x-amz-acl"] === "bucket-owner-full-control";
  const owner = rule === "BucketOwnerEnforced" || isGivenAway || caller === null ? bucket.tenant : caller.tenant;
  const about = aboutOf(headers, owner, now);
  const acl = aclOfHeaders(headers, owner, bucket.tenant);
  await admitAcl(call, acl);
  if (acl !== undefined) about.acl = acl;
  refuseBesides(call, about);
  return withDefaultLock(about, call);
}

/** What else a request does to the object that it makes has rights of its own: who may write may neither lock it, nor do what the policy denies. Throws "AccessDenied". */
function refuseBesides(call: S3Call, { acl, tags, retention, legalHold }: ObjectAbout): void {
  const isRefused =
    (retention !== undefined && !mayAlso(call, "PutObjectRetention")) ||
    (legalHold !== undefined && !mayAlso(call, "PutObjectLegalHold")) ||
    (tags !== undefined && isDeniedBesides(call, "PutObjectTagging")) ||
    (acl !== undefined && isDeniedBesides(call, "PutObjectAcl"));
  if (isRefused) throw new S3Error("AccessDenied");
}

/** Throws "InvalidRequest" if the object is to be locked, and the bucket has no lock. */
function withDefaultLock(about: ObjectAbout, { bucket, now }: Pick<S3Call, "bucket" | "now">): ObjectAbout {
  const { lock } = bucket.settings;
  const asksForLock = about.retention !== undefined || about.legalHold !== undefined;
  if (lock === undefined && asksForLock) throw new S3Error("InvalidRequest", {}, "Bucket is missing Object Lock Configuration");
  if (lock?.defaultMode === undefined || about.retention !== undefined) return about;
  return { ...about, retention: { mode: lock.defaultMode, until: now + (lock.defaultMs ?? 0) } };
}

/** Throws "NotImplemented" for what AWS takes of these headers nowhere. */
export function writeConditions(headers: S3Call["headers"]): Conditions | undefined {
  const [ifMatch, ifNoneMatch] = [headers["if-match"], headers["if-none-match"]];
  if (ifMatch === undefined && ifNoneMatch === undefined) return undefined;
  const refusal = (header: string, text: string) => new S3Error("NotImplemented", { Header: header, additionalMessage: text });
  if (ifMatch !== undefined && ifNoneMatch !== undefined)
    throw refusal("If-Match,If-None-Match", "Multiple conditional request headers present in the request");
  if (ifNoneMatch !== undefined && ifNoneMatch !== "*")
    throw refusal("If-None-Match", "We don't accept the provided value of If-None-Match header for this API");
  if (ifMatch === "*") throw refusal("If-Match", "We don't accept the provided value of If-Match header for this API");
  return ifMatch === undefined ? { ifNoneMatch: "*" } : { ifMatch: unquoted(ifMatch) };
}

function removalConditions(headers: S3Call["headers"]): Conditions | undefined {
  const [match, size, modified] = [headers["if-match"], headers["x-amz-if-match-size"], headers["x-amz-if-match-last-modified-time"]];
  if (match === undefined && size === undefined && modified === undefined) return undefined;
  return {
    ifMatch: match === undefined ? undefined : unquoted(match),
    ifSize: size === undefined ? undefined : Number(size),
    ifModifiedAt: modified === undefined ? undefined : Date.parse(modified),
  };
}

/** @param encrypt as the request asked for it */
export function headersOfStored(
  { etag, version, checksum, encryption }: Stored,
  encrypt: AskedEncryption | undefined,
): Record<string, string | undefined> {
  return {
    ...encryptionHeaders(encryption, customersKey(encrypt)),
    etag: `"${etag}"`,
    // A bucket whose versions are suspended has it in listings only.
    "x-amz-version-id": version === "null" ? undefined : version,
    ...(checksum && { [`x-amz-checksum-${checksum.algorithm.toLowerCase()}`]: checksum.value, "x-amz-checksum-type": checksum.type }),
  };
}
