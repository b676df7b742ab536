import type { Conditions, ObjectAbout } from "../../../services/objects/object.ts";
import type { Algorithm } from "../../../services/objects/checksums/checksum.ts";
import { ALGORITHMS } from "../../../services/objects/checksums/checksum.ts";
import { expiryOf } from "../../../services/objects/lifecycle.ts";
import type { ReadObject, Stored } from "../../../services/objects/objects.ts";
import { aclOfHeaders } from "../access/acl.ts";
import { authorizeObject, mayList, ownership, refuseAcl, refuseOwner } from "../access/authorize.ts";
import type { S3Answer, S3Call, S3Operation } from "../call.ts";
import { aboutOf, contentHeaders, headersOf, metadataOf, tagsOfQuery } from "../request/object-headers.ts";
import { contentOf, MOST_PUT_BYTES } from "../request/body.ts";
import { isWanted, ofCopy, ofRead, partRange, rangeOf, unquoted } from "../request/reading.ts";
import { S3Error } from "../s3-error.ts";
import { documentOf } from "../xml.ts";

export const objectOperations: readonly S3Operation[] = [
  {
    operation: "PutObject",
    method: "PUT",
    level: "object",
    right: "deploy",
    others: "WRITE",
    async handle(call) {
      const { objects, name, key, headers, author } = call;
      const about = newAbout(call);
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
          how: "Put",
          author,
        },
        source,
      );
      return { headers: { ...headersOfStored(stored), ...expiration(call, key, about, stored) } };
    },
  },
  {
    operation: "CopyObject",
    method: "PUT",
    level: "object",
    header: "x-amz-copy-source",
    right: "deploy",
    others: "WRITE",
    async handle(call) {
      const { objects, name, key, headers, author } = call;
      const { object, bucket, version } = await sourceOf(call);
      try {
        const about = aboutOfCopy(call, object, bucket);
        const wanted = headers["x-amz-checksum-algorithm"]?.toUpperCase() as Algorithm | undefined;
        if (wanted !== undefined && !ALGORITHMS.includes(wanted))
          throw new S3Error(
            "InvalidRequest",
            {},
            "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]",
          );
        const algorithm = wanted ?? object.found.about.checksum?.algorithm ?? "CRC64NVME";
        const stored = await objects.copy(
          { object },
          { bucket: name, key, about, algorithm, conditions: writeConditions(headers), author },
        );
        const { etag, checksum, modifiedAt } = stored;
        const body = documentOf("CopyObjectResult", {
          ETag: `"${etag}"`,
          LastModified: new Date(modifiedAt).toISOString(),
          ...(checksum && { ChecksumType: checksum.type, [`Checksum${checksum.algorithm}`]: checksum.value }),
        });
        return { body, headers: { "x-amz-version-id": stored.version, "x-amz-copy-source-version-id": version } };
      } finally {
        object.release();
      }
    },
  },
  { operation: "GetObject", method: "GET", level: "object", right: "read", others: "object", handle: readObject },
  { operation: "HeadObject", method: "HEAD", level: "object", right: "read", others: "object", handle: readObject },
  {
    operation: "GetObjectAttributes",
    method: "GET",
    level: "object",
    query: "attributes",
    right: "read",
    others: "object",
    handle: attributes,
  },
  {
    operation: "DeleteObject",
    method: "DELETE",
    level: "object",
    right: "deploy",
    others: "WRITE",
    async handle({ objects, name, key, query, headers, author }) {
      const version = query.get("versionId") ?? undefined;
      const conditions = removalConditions(headers);
      const bypasses = headers["x-amz-bypass-governance-retention"]?.toLowerCase() === "true";
      const removed = await objects.remove({ bucket: name, key, version, conditions, bypasses, author });
      return {
        status: 204,
        headers: { "x-amz-version-id": removed.version, "x-amz-delete-marker": removed.isMarker ? "true" : undefined },
      };
    },
  },
];

/** Finds an object for a reader: whom its list lets in, and who may know what there is not. The result must be released. */
async function readable({ objects, ...call }: S3Call, name: string, key: string, version: string | undefined): Promise<ReadObject> {
  let object: ReadObject;
  try {
    object = await objects.read(name, key, version);
  } catch (error) {
    if ((error as { code?: string }).code === "no-such-object" && !mayList(call)) throw new S3Error("AccessDenied");
    throw error;
  }
  try {
    authorizeObject(call, object.found, "READ");
    return object;
  } catch (error) {
    object.release();
    throw error;
  }
}

async function readObject(call: S3Call): Promise<S3Answer> {
  const { name, key, query, headers, method, caller, now } = call;
  const version = query.get("versionId") ?? undefined;
  const overrides = overridesOf(query);
  if (overrides.length > 0 && caller === null)
    throw new S3Error("InvalidRequest", {}, "Request specific response headers cannot be used for anonymous GET requests.");
  const object = await readable(call, name, key, version);
  const { found, release } = object;
  try {
    refuseMarker(call, object, version);
    const partNumber = query.get("partNumber");
    if (partNumber !== null && headers["range"] !== undefined)
      throw new S3Error("InvalidRequest", {}, "Cannot specify both Range header and partNumber query parameter");
    const part = partNumber === null ? undefined : partRange(partNumber, found);
    const wantsChecksum = headers["x-amz-checksum-mode"]?.toUpperCase() === "ENABLED";
    if (!isWanted(headers, found, ofRead, now)) {
      release();
      const { etag, "last-modified": modified, "x-amz-version-id": id } = headersOf(found, false);
      return { status: 304, headers: { etag, "last-modified": modified, "x-amz-version-id": id } };
    }
    const range = part === undefined ? rangeOf(headers["range"], found.size) : part.range;
    const isWhole = range === undefined || (part !== undefined && part.parts === undefined);
    const reply = headersOf(found, wantsChecksum && (isWhole || part !== undefined));
    if (part?.checksum !== undefined && wantsChecksum && found.about.checksum !== undefined)
      reply[`x-amz-checksum-${found.about.checksum.algorithm.toLowerCase()}`] = part.checksum;
    Object.assign(reply, Object.fromEntries(overrides), expiration(call, key, found.about, found));
    reply["content-length"] = String(range === undefined ? found.size : range.last - range.first + 1);
    if (range !== undefined) reply["content-range"] = `bytes ${range.first}-${range.last}/${found.size}`;
    if (part?.parts !== undefined) reply["x-amz-mp-parts-count"] = String(part.parts);
    const status = range === undefined ? 200 : 206;
    if (method === "HEAD") {
      release();
      return { status, headers: reply };
    }
    const small = found.bytes;
    if (small === undefined) return { status, headers: reply, body: object.content(range), release };
    release();
    return { status, headers: reply, body: range === undefined ? small : small.subarray(range.first, range.last + 1) };
  } catch (error) {
    release();
    throw error;
  }
}

/** A delete marker is no object. */
function refuseMarker({ key, method }: Pick<S3Call, "key" | "method">, { found }: ReadObject, version: string | undefined): void {
  if (!found.isMarker) return;
  const headers = { "x-amz-delete-marker": "true", "x-amz-version-id": found.version };
  if (version === undefined) throw new S3Error("NoSuchKey", { Key: key }, undefined, headers);
  throw new S3Error("MethodNotAllowed", { Method: method, ResourceType: "DeleteMarker" }, undefined, {
    ...headers,
    "last-modified": new Date(found.modifiedAt).toUTCString(),
    allow: "DELETE",
  });
}

function overridesOf(query: URLSearchParams): [string, string][] {
  return ["content-type", "content-language", "expires", "cache-control", "content-disposition", "content-encoding"].flatMap((name) => {
    const value = query.get(`response-${name}`);
    // What no header may have is the client's own fault.
    return value === null ? [] : [[name, value.replaceAll(/[\r\n\0]/g, " ")] as [string, string]];
  });
}

/** What a request says of the object that it makes, with its list. */
export function newAbout(call: Pick<S3Call, "headers" | "bucket" | "caller" | "now">): ObjectAbout {
  const { headers, bucket, caller, now } = call;
  const owner = ownership(bucket) === "BucketOwnerEnforced" || caller === null ? bucket.tenant : caller.tenant;
  const about = aboutOf(headers, owner, now);
  const acl = aclOfHeaders(headers, owner, bucket.tenant);
  refuseAcl(bucket, acl);
  if (acl !== undefined) about.acl = acl;
  return withDefaultLock(about, call);
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

export function headersOfStored({ etag, version, checksum }: Stored): Record<string, string | undefined> {
  return {
    etag: `"${etag}"`,
    "x-amz-version-id": version,
    ...(checksum && { [`x-amz-checksum-${checksum.algorithm.toLowerCase()}`]: checksum.value, "x-amz-checksum-type": checksum.type }),
  };
}

function expiration(
  { bucket }: S3Call,
  key: string,
  about: ObjectAbout,
  { size, modifiedAt }: { size: number; modifiedAt: number },
): { "x-amz-expiration"?: string } {
  const { lifecycle } = bucket.settings;
  const found = lifecycle && expiryOf(lifecycle, { key, about, size, modifiedAt });
  return found === undefined
    ? {}
    : { "x-amz-expiration": `expiry-date="${new Date(found.at).toUTCString()}", rule-id="${encodeURIComponent(found.rule)}"` };
}

/** The object that a copy is of, which must be released. Throws an S3Error. */
export async function sourceOf(call: S3Call): Promise<{ object: ReadObject; bucket: string; version: string | undefined }> {
  const { headers, objects, now } = call;
  const text = headers["x-amz-copy-source"] ?? "";
  const [path = "", parameter] = text.replace(/^\//, "").split(/\?versionId=/);
  const [bucket, key] = splitPath(path);
  const from = await objects.bucket(bucket);
  if (from === null) throw new S3Error("NoSuchBucket", { BucketName: bucket });
  refuseOwner(headers["x-amz-source-expected-bucket-owner"], from);
  const query = new URLSearchParams(parameter === undefined ? {} : { versionId: parameter });
  const asReader = { ...call, operation: "GetObject", bucket: from, name: bucket, key, query };
  const object = await readable(asReader, bucket, key, parameter).catch((error: unknown) => {
    // What is said of a missing source names the source.
    if ((error as { code?: string }).code !== "no-such-object") throw error;
    throw parameter === undefined
      ? new S3Error("NoSuchKey", { Key: key })
      : new S3Error("NoSuchVersion", { Key: key, VersionId: parameter });
  });
  try {
    if (object.found.isMarker) {
      if (parameter === undefined) throw new S3Error("NoSuchKey", { Key: key });
      throw new S3Error("InvalidRequest", {}, "The source of a copy request may not specifically refer to a delete marker by version id.");
    }
    isWanted(headers, object.found, ofCopy, now);
    return { object, bucket, version: object.found.isVersioned ? object.found.version : undefined };
  } catch (error) {
    object.release();
    throw error;
  }
}

function splitPath(path: string): [bucket: string, key: string] {
  let whole: string;
  try {
    whole = decodeURIComponent(path);
  } catch {
    whole = "";
  }
  const at = whole.indexOf("/");
  if (at < 1 || at === whole.length - 1)
    throw new S3Error(
      "InvalidArgument",
      { ArgumentName: "x-amz-copy-source", ArgumentValue: "x-amz-copy-source" },
      "Invalid copy source object key",
    );
  return [whole.slice(0, at), whole.slice(at + 1)];
}

function aboutOfCopy(call: S3Call, { found }: ReadObject, from: string): ObjectAbout {
  const { headers, key, name } = call;
  const metadata = headers["x-amz-metadata-directive"] ?? "COPY";
  const tagging = headers["x-amz-tagging-directive"] ?? "COPY";
  for (const directive of [metadata, tagging])
    if (directive !== "COPY" && directive !== "REPLACE")
      throw new S3Error(
        "InvalidArgument",
        { ArgumentName: "x-amz-metadata-directive", ArgumentValue: directive.slice(0, 100) },
        "Unknown metadata directive.",
      );
  const made = newAbout(call);
  const isSame = from === name && found.key === key && found.isLatest;
  const changes =
    metadata === "REPLACE" ||
    made.storageClass !== undefined ||
    made["redirect"] !== undefined ||
    headers["x-amz-server-side-encryption"] !== undefined;
  if (isSame && !changes)
    throw new S3Error(
      "InvalidRequest",
      {},
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
    );
  const isCopied = metadata === "COPY";
  const tags =
    tagging === "REPLACE" ? (headers["x-amz-tagging"] === undefined ? undefined : tagsOfQuery(headers["x-amz-tagging"])) : found.about.tags;
  return {
    ...made,
    headers: isCopied ? found.about.headers : contentHeaders(headers),
    metadata: isCopied ? found.about.metadata : metadataOf(headers),
    tags,
  };
}

const attributeNames = new Set(["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"]);

async function attributes(call: S3Call): Promise<S3Answer> {
  const { name, key, query, headers } = call;
  const wanted = new Set(
    (headers["x-amz-object-attributes"] ?? "")
      .split(",")
      .map((each) => each.trim())
      .filter((each) => each !== ""),
  );
  if (wanted.size === 0 || [...wanted].some((each) => !attributeNames.has(each)))
    throw new S3Error("InvalidArgument", {}, "Invalid attribute name specified.");
  const version = query.get("versionId") ?? undefined;
  const object = await readable(call, name, key, version);
  object.release();
  refuseMarker(call, object, version);
  const { about, etag, size, modifiedAt, isVersioned, version: id } = object.found;
  const { checksum, parts } = about;
  const body = documentOf("GetObjectAttributesResponse", {
    ETag: wanted.has("ETag") ? etag : undefined,
    Checksum:
      wanted.has("Checksum") && checksum !== undefined
        ? { [`Checksum${checksum.algorithm}`]: checksum.value.replace(/-\d+$/, ""), ChecksumType: checksum.type }
        : undefined,
    ObjectParts:
      wanted.has("ObjectParts") && parts !== undefined
        ? {
            PartsCount: parts.length,
            ...(checksum?.type === "COMPOSITE" && {
              MaxParts: 1_000,
              IsTruncated: false,
              Part: parts.map((part) => ({ PartNumber: part.number, Size: part.size, [`Checksum${checksum.algorithm}`]: part.checksum })),
            }),
          }
        : undefined,
    StorageClass: wanted.has("StorageClass") ? (about.storageClass ?? "STANDARD") : undefined,
    ObjectSize: wanted.has("ObjectSize") ? size : undefined,
  });
  return { body, headers: { "last-modified": new Date(modifiedAt).toUTCString(), "x-amz-version-id": isVersioned ? id : undefined } };
}
