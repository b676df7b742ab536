/** The reading of objects: their content, ranges and parts of it, and their heads. */
import { expiryOf, uploadExpiryOf } from "../../../services/objects/lifecycle.ts";
import type { ObjectAbout } from "../../../services/objects/object.ts";
import type { ReadObject } from "../../../services/objects/objects.ts";
import { authorizeObject, mayList } from "../access/authorize.ts";
import type { S3Answer, S3Call, S3Operation } from "../call.ts";
import { keyForReading, refuseMethod } from "../request/encryption.ts";
import { headersOf } from "../request/object-headers.ts";
import { isWanted, ofRead, partRange, rangeOf } from "../request/reading.ts";
import { S3Error } from "../s3-error.ts";

export const getObject: S3Operation = {
  operation: "GetObject",
  method: "GET",
  level: "object",
  right: "read",
  others: "object",
  handle: readObject,
};

export const objectReads: readonly S3Operation[] = [
  getObject,
  { operation: "HeadObject", method: "HEAD", level: "object", right: "read", others: "object", handle: readObject },
];

/**
 * Finds an object for a reader: whom its list lets in, and who may know what there is not. The result must be released.
 * @param keyOf the customer's key in the request
 */
export async function readable(
  { objects, ...call }: S3Call,
  name: string,
  key: string,
  version: string | undefined,
  keyOf: typeof keyForReading = keyForReading,
): Promise<ReadObject & { customerKey: Buffer | undefined }> {
  let customerKey: Buffer | undefined;
  try {
    const object = await objects.read(name, key, version, (found) => {
      // Who may not read it is not told whether it is encrypted.
      authorizeObject(call, found, "READ");
      return (customerKey = keyOf(call, found));
    });
    return Object.assign(object, { customerKey });
  } catch (error) {
    if ((error as { code?: string }).code === "no-such-object" && !mayList(call)) throw new S3Error("AccessDenied");
    throw error;
  }
}

async function readObject(call: S3Call): Promise<S3Answer> {
  const { name, key, query, headers, method, caller, now } = call;
  const version = query.get("versionId") ?? undefined;
  const overrides = overridesOf(query);
  refuseMethod(headers);
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
      const { etag, "last-modified": modified, "x-amz-version-id": id } = headersOf(found, false, undefined);
      return { status: 304, headers: { etag, "last-modified": modified, "x-amz-version-id": id } };
    }
    const range = part === undefined ? rangeOf(headers["range"], found.size) : part.range;
    // A checksum is that of all bytes, which a range may be.
    const isWhole =
      range === undefined ||
      (part === undefined && range.first === 0 && range.last === found.size - 1) ||
      (part !== undefined && part.parts === undefined);
    // Parts have a checksum of their own to tell only if the whole's is made of them.
    const isOfPart = part !== undefined && found.about.checksum?.type === "COMPOSITE";
    const reply = headersOf(found, wantsChecksum && (isWhole || isOfPart), object.customerKey);
    if (part?.checksum !== undefined && wantsChecksum && isOfPart && found.about.checksum !== undefined)
      reply[`x-amz-checksum-${found.about.checksum.algorithm.toLowerCase()}`] = part.checksum;
    Object.assign(reply, Object.fromEntries(overrides));
    // A version that is named stays when others come, and AWS does not say how long.
    if (version === undefined) Object.assign(reply, expiration(call, key, found.about, found));
    reply["content-length"] = String(range === undefined ? found.size : range.last - range.first + 1);
    if (range !== undefined) reply["content-range"] = `bytes ${range.first}-${range.last}/${found.size}`;
    if (part?.parts !== undefined) reply["x-amz-mp-parts-count"] = String(part.parts);
    const status = range === undefined ? 200 : 206;
    if (method === "HEAD") {
      release();
      return { status, headers: reply };
    }
    const small = found.bytes;
    if (small === undefined) return { status, headers: reply, body: object.content(range, "lent"), release };
    release();
    return { status, headers: reply, body: range === undefined ? small : small.subarray(range.first, range.last + 1) };
  } catch (error) {
    release();
    throw error;
  }
}

/** A delete marker is no object. */
export function refuseMarker({ key, method }: Pick<S3Call, "key" | "method">, { found }: ReadObject, version: string | undefined): void {
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
    if (value === null) return [];
    // What no header may have is the client's own fault.
    if (/[^\0-\xff]/.test(value))
      throw new S3Error(
        "InvalidArgument",
        { ArgumentName: `response-${name}`, ArgumentValue: value.slice(0, 500) },
        "Header value cannot be represented using ISO-8859-1.",
      );
    // oxlint-disable-next-line no-control-regex -- those are what must not be in one
    return [[name, value.replaceAll(/[\0-\x1f\x7f]/g, " ")] as [string, string]];
  });
}

export function expiration(
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

/** When a rule of the bucket gives the upload up. @param startedAt wall clock, ms */
export function uploadExpiration({ bucket, key }: S3Call, startedAt: number): Record<string, string> {
  const { lifecycle } = bucket.settings;
  const found = lifecycle && uploadExpiryOf(lifecycle, { key, startedAt });
  if (found === undefined) return {};
  return { "x-amz-abort-date": new Date(found.at).toUTCString(), "x-amz-abort-rule-id": encodeURIComponent(found.rule) };
}
