/** What the head of a request says of the object that it writes, and the head of a reply of the object that it reads. */
import { isUtf8 } from "node:buffer";
import type { LockMode, ObjectAbout, Tags } from "../../../services/objects/object.ts";
import type { Found } from "../../../services/objects/store/versions.ts";
import type { Headers } from "../../signature/read-signature.ts";
import { S3Error } from "../s3-error.ts";
import { encryptionHeaders } from "./encryption.ts";
import { decodedWords, encodedWord } from "./encoded-words.ts";

const kept = ["content-type", "cache-control", "content-disposition", "content-encoding", "content-language", "expires"];
const META = "x-amz-meta-";
const MOST_METADATA_BYTES = 2_048;
const storageClasses = new Set(
  "STANDARD REDUCED_REDUNDANCY STANDARD_IA ONEZONE_IA INTELLIGENT_TIERING GLACIER GLACIER_IR DEEP_ARCHIVE EXPRESS_ONEZONE OUTPOSTS SNOW".split(
    " ",
  ),
);

/** Without its ACL. Throws an S3Error. @param owner the tenant's id */
export function aboutOf(headers: Headers, owner: string, now: number): ObjectAbout {
  const about: ObjectAbout = { headers: contentHeaders(headers), metadata: metadataOf(headers), owner };
  // The whole object would be lost for what was to be written after it.
  if (headers["x-amz-write-offset-bytes"] !== undefined) throw new S3Error("NotImplemented", { Header: "x-amz-write-offset-bytes" });
  const storageClass = headers["x-amz-storage-class"];
  if (storageClass !== undefined && !storageClasses.has(storageClass))
    throw new S3Error("InvalidStorageClass", { StorageClassRequested: storageClass.slice(0, 100) });
  if (storageClass !== undefined && storageClass !== "STANDARD") about.storageClass = storageClass;
  const tags = headers["x-amz-tagging"];
  if (tags !== undefined) about.tags = tagsOfQuery(tags);
  const [mode, until] = [headers["x-amz-object-lock-mode"], headers["x-amz-object-lock-retain-until-date"]];
  if ((mode === undefined) !== (until === undefined))
    throw new S3Error(
      "InvalidArgument",
      { ArgumentName: mode === undefined ? "x-amz-object-lock-mode" : "x-amz-object-lock-retain-until-date" },
      "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied",
    );
  if (mode !== undefined) about.retention = { mode: lockMode(mode), until: retainUntil(until!, now) };
  const hold = headers["x-amz-object-lock-legal-hold"];
  if (hold !== undefined) about.legalHold = isHeld(hold);
  const redirect = headers["x-amz-website-redirect-location"];
  if (redirect !== undefined) about["redirect"] = redirect;
  return about;
}

export function contentHeaders(headers: Headers): Record<string, string> {
  const found = new Map<string, string>();
  for (const name of kept) {
    let value = headers[name];
    // The coding of the request is none of the content.
    if (name === "content-encoding")
      value = value
        ?.split(",")
        .map((each) => each.trim())
        .filter((each) => each !== "aws-chunked")
        .join(",");
    if (value !== undefined && value !== "") found.set(name, value);
  }
  return Object.fromEntries(found);
}

/** Of the user. */
export function metadataOf(headers: Headers): Record<string, string> {
  const found: [string, string][] = [];
  let bytes = 0;
  for (const [name, value] of Object.entries(headers)) {
    if (!name.startsWith(META) || value === undefined) continue;
    const text = decodedWords(textOf(value));
    bytes += Buffer.byteLength(name) - META.length + Buffer.byteLength(text);
    found.push([name.slice(META.length), text]);
  }
  if (bytes > MOST_METADATA_BYTES) throw new S3Error("MetadataTooLarge", { Size: bytes, MaxSizeAllowed: MOST_METADATA_BYTES });
  return Object.fromEntries(found);
}

export function lockMode(text: string): LockMode {
  if (text === "GOVERNANCE" || text === "COMPLIANCE") return text;
  throw new S3Error(
    "InvalidArgument",
    { ArgumentName: "x-amz-object-lock-mode", ArgumentValue: text.slice(0, 100) },
    "Unknown wormMode directive.",
  );
}

export function retainUntil(text: string, now: number): number {
  const at = Date.parse(text);
  if (Number.isNaN(at)) throw new S3Error("InvalidArgument", {}, "The retain until date must be provided in ISO 8601 format");
  if (at <= now)
    throw new S3Error(
      "InvalidArgument",
      { ArgumentName: "x-amz-object-lock-retain-until-date", ArgumentValue: text.slice(0, 100) },
      "The retain until date must be in the future!",
    );
  return at;
}

export function isHeld(text: string): boolean {
  if (text === "ON" || text === "OFF") return text === "ON";
  throw new S3Error("InvalidArgument", {}, "Legal Hold must be either of 'ON' or 'OFF'");
}

/** For example `a=1&b=2`. */
export function tagsOfQuery(text: string): Tags {
  const pairs = [...new URLSearchParams(text)];
  if (new Set(pairs.map(([name]) => name)).size < pairs.length || !pairs.flat().every(isTagText))
    throw new S3Error(
      "InvalidArgument",
      { ArgumentName: "x-amz-tagging", ArgumentValue: text.slice(0, 300) },
      "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.",
    );
  return checkedTags(pairs);
}

const MOST_TAGS = 10;

/** @param most of an object's; a bucket's may be more */
export function checkedTags(pairs: readonly (readonly [string, string])[], most = MOST_TAGS): Tags {
  if (pairs.length > most)
    throw new S3Error(
      "BadRequest",
      {},
      most === MOST_TAGS ? "Object tags cannot be greater than 10" : "Bucket tag count cannot be greater than 50",
    );
  const tags = new Map<string, string>();
  for (const [key, value] of pairs) {
    if (key === "" || key.length > 128 || !isTagText(key)) throw new S3Error("InvalidTag", { TagKey: key.slice(0, 200) });
    if (value.length > 256 || !isTagText(value))
      throw new S3Error("InvalidTag", { TagKey: key, TagValue: value.slice(0, 300) }, "The TagValue you have provided is invalid");
    if (key.startsWith("aws:"))
      throw new S3Error(
        "InvalidTag",
        {},
        'User-defined tag keys can\'t start with "aws:". This prefix is reserved for system tags. Remove "aws:" from your tag keys and try again.',
      );
    if (tags.has(key)) throw new S3Error("InvalidTag", { TagKey: key }, "Cannot provide multiple Tags with the same key");
    tags.set(key, value);
  }
  return Object.fromEntries(tags);
}

function isTagText(text: string): boolean {
  return /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u.test(text);
}

/** Of a reply with an object's content, or without it. @param wantsChecksum whether its checksum is sent @param key the customer's, if the content is encrypted with one */
export function headersOf(
  { about, etag, modifiedAt, version, isVersioned }: Found,
  wantsChecksum: boolean,
  key: Buffer | undefined,
): Record<string, string | undefined> {
  const { checksum, tags, retention, legalHold, storageClass } = about;
  const found: Record<string, string | undefined> = {
    etag: `"${etag}"`,
    "last-modified": new Date(modifiedAt).toUTCString(),
    "accept-ranges": "bytes",
    "content-type": "binary/octet-stream",
    ...about.headers,
    "x-amz-version-id": isVersioned ? version : undefined,
    "x-amz-storage-class": storageClass,
    ...encryptionHeaders(about.encryption, key),
    "x-amz-tagging-count": tags === undefined || Object.keys(tags).length === 0 ? undefined : String(Object.keys(tags).length),
    "x-amz-object-lock-mode": retention?.mode,
    "x-amz-object-lock-retain-until-date": retention && new Date(retention.until).toISOString(),
    "x-amz-object-lock-legal-hold": legalHold === undefined ? undefined : legalHold ? "ON" : "OFF",
    "x-amz-website-redirect-location": about["redirect"] as string | undefined,
  };
  for (const [name, value] of Object.entries(about.metadata)) found[META + name] = encodedWord(value);
  if (wantsChecksum && checksum !== undefined) {
    found[`x-amz-checksum-${checksum.algorithm.toLowerCase()}`] = checksum.value;
    found["x-amz-checksum-type"] = checksum.type;
  }
  return found;
}

/** Node reads heads as Latin-1; most clients write UTF-8. */
function textOf(value: string): string {
  const bytes = Buffer.from(value, "latin1");
  return isUtf8(bytes) ? bytes.toString("utf8") : value;
}
