/** The options of a bucket's calls, as headers of S3's protocol. Where Cloudflare takes the headers of a request, so that an app hands on those of its caller, so does this. */
import type { IncomingHttpHeaders } from "node:http";

export interface R2HTTPMetadata {
  contentType?: string;
  contentLanguage?: string;
  contentDisposition?: string;
  contentEncoding?: string;
  cacheControl?: string;
  cacheExpiry?: Date;
}

export interface R2Range {
  offset?: number;
  length?: number;
  /** The last bytes. */
  suffix?: number;
}

export interface R2Conditional {
  etagMatches?: string;
  etagDoesNotMatch?: string;
  uploadedBefore?: Date;
  uploadedAfter?: Date;
}

export type R2StorageClass = "Standard" | "InfrequentAccess";

/** What an object is given besides its content. */
export interface R2About {
  httpMetadata?: R2HTTPMetadata | Headers;
  customMetadata?: Record<string, string>;
  /** Kept and shown; all content is stored alike. */
  storageClass?: R2StorageClass;
}

/** Hexadecimal digits, or bytes. */
type Digest = string | ArrayBuffer | ArrayBufferView;

/** A key of the app's own by which an object is encrypted; the host does not keep it. 64 hexadecimal digits, or 32 bytes. */
export type R2SsecKey = string | ArrayBuffer | ArrayBufferView;

export interface R2KeyOptions {
  ssecKey?: R2SsecKey;
}

export interface R2PutOptions extends R2About, R2KeyOptions {
  onlyIf?: R2Conditional | Headers;
  /** The put is refused if the content has another digest. At most one may be given. */
  md5?: Digest;
  sha1?: Digest;
  sha256?: Digest;
}

export const META = "x-amz-meta-";
export const CUSTOMER = "x-amz-server-side-encryption-customer";
const STORAGE = "x-amz-storage-class";
const EXPIRES = "expires";
const storageNames: Readonly<Record<R2StorageClass, string>> = { Standard: "STANDARD", InfrequentAccess: "STANDARD_IA" };
const headerNames: readonly (readonly [Exclude<keyof R2HTTPMetadata, "cacheExpiry">, string])[] = [
  ["contentType", "content-type"],
  ["contentLanguage", "content-language"],
  ["contentDisposition", "content-disposition"],
  ["contentEncoding", "content-encoding"],
  ["cacheControl", "cache-control"],
];

export function headersOf({ httpMetadata = {}, customMetadata = {}, storageClass = "Standard" }: R2About): Record<string, string> {
  const headers = isHeaders(httpMetadata) ? picked(httpMetadata, [...headerNames.map(([, header]) => header), EXPIRES]) : {};
  if (!isHeaders(httpMetadata)) writeMetadata(httpMetadata, (name, value) => (headers[name] = value));
  for (const [name, text] of Object.entries(customMetadata)) headers[META + name] = Buffer.from(text).toString("latin1");
  if (!Object.hasOwn(storageNames, storageClass)) throw new TypeError("The storage class is Standard or InfrequentAccess");
  if (storageClass !== "Standard") headers[STORAGE] = storageNames[storageClass];
  return headers;
}

export function writeMetadata(metadata: R2HTTPMetadata, set: (header: string, value: string) => void): void {
  for (const [name, header] of headerNames) if (metadata[name] !== undefined) set(header, metadata[name]);
  if (metadata.cacheExpiry !== undefined) set(EXPIRES, metadata.cacheExpiry.toUTCString());
}

export function metadataIn(headers: IncomingHttpHeaders): R2HTTPMetadata {
  const found: R2HTTPMetadata = {};
  for (const [name, header] of headerNames) if (headers[header] !== undefined) Object.assign(found, { [name]: headers[header] });
  if (headers[EXPIRES] !== undefined) found.cacheExpiry = new Date(headers[EXPIRES]);
  return found;
}

/** @param name S3's name of it: there are more of them there */
export function storageClassOf(name: unknown): R2StorageClass {
  return name === storageNames.InfrequentAccess ? "InfrequentAccess" : "Standard";
}

export function rangeOf(range: R2Range | Headers = {}): Record<string, string> {
  if (isHeaders(range)) return picked(range, ["range"]);
  const { offset, length, suffix } = range;
  if (suffix !== undefined) return { range: `bytes=-${suffix}` };
  if (offset === undefined && length === undefined) return {};
  const from = offset ?? 0;
  return { range: `bytes=${from}-${length === undefined ? "" : from + length - 1}` };
}

export function conditionsOf(onlyIf: R2Conditional | Headers = {}): Record<string, string> {
  if (isHeaders(onlyIf)) return picked(onlyIf, ["if-match", "if-none-match", "if-unmodified-since", "if-modified-since"]);
  const { etagMatches, etagDoesNotMatch, uploadedBefore, uploadedAfter } = onlyIf;
  return {
    ...(etagMatches !== undefined && { "if-match": etagMatches }),
    ...(etagDoesNotMatch !== undefined && { "if-none-match": etagDoesNotMatch }),
    ...(uploadedBefore !== undefined && { "if-unmodified-since": uploadedBefore.toUTCString() }),
    ...(uploadedAfter !== undefined && { "if-modified-since": uploadedAfter.toUTCString() }),
  };
}

/** @throws TypeError if a condition is one of time, which S3's puts do not know: it would be passed over, and the object overwritten */
export function putConditionsOf(onlyIf: R2Conditional | Headers | undefined): Record<string, string> {
  const conditions = conditionsOf(onlyIf);
  if ("if-unmodified-since" in conditions || "if-modified-since" in conditions)
    throw new TypeError("A put goes by conditions on the ETag: etagMatches, etagDoesNotMatch");
  return conditions;
}

/** @throws TypeError if the key has not 32 bytes */
export function keyHeadersOf(ssecKey: R2SsecKey | undefined): Record<string, string> {
  if (ssecKey === undefined) return {};
  const key = Buffer.from(base64Of(ssecKey), "base64");
  if (key.length !== 32) throw new TypeError("A key by which objects are encrypted has 32 bytes, or 64 hexadecimal digits");
  return {
    [`${CUSTOMER}-algorithm`]: "AES256",
    [`${CUSTOMER}-key`]: key.toString("base64"),
    [`${CUSTOMER}-key-md5`]: process.getBuiltinModule("node:crypto").createHash("md5").update(key).digest("base64"),
  };
}

/** @throws TypeError if there are several */
export function digestsOf({ md5, sha1, sha256 }: Record<"md5" | "sha1" | "sha256", Digest | undefined>): Record<string, string> {
  const given = { "content-md5": md5, "x-amz-checksum-sha1": sha1, "x-amz-checksum-sha256": sha256 };
  const headers = Object.entries(given).flatMap(([name, digest]) => (digest === undefined ? [] : [[name, base64Of(digest)] as const]));
  if (headers.length > 1) throw new TypeError("A put is compared with one digest: md5, sha1 or sha256");
  return Object.fromEntries(headers);
}

function base64Of(digest: Digest): string {
  if (typeof digest === "string") return Buffer.from(digest, "hex").toString("base64");
  const bytes = ArrayBuffer.isView(digest) ? Buffer.from(digest.buffer, digest.byteOffset, digest.byteLength) : Buffer.from(digest);
  return bytes.toString("base64");
}

/** An app may have another class of that name. */
function isHeaders(value: object): value is Headers {
  return typeof (value as Headers).get === "function";
}

function picked(headers: Headers, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => ((value) => (value === null ? [] : [[name, value]]))(headers.get(name))));
}
