/**
 * Who sent a request to S3's protocol: by Signature V4 or V2, in the head, or in the query of a presigned URL. A request that has none is anonymous.
 * As in doors/signature, a wrong signature takes as much work whoever's key it names, and headers that begin with x-amz- must be signed.
 */
import { timingSafeEqual } from "node:crypto";
import { type Headers, readSignature, type Signature } from "../../signature/read-signature.ts";
import { canonicalOf, textToSign } from "../../signature/signature-of.ts";
import { SignatureRefusal } from "../../signature/signature-refusal.ts";
import { SigningKeys } from "../../signature/signing-keys.ts";
import type { Principal, Principals } from "../../../store/principals/principal.ts";
import { S3Error } from "../s3-error.ts";
import { isOldSignature, oldSignatureOf, oldTextsToSign, readOldSignature, refuseOldTime, refuseUnsignedParts } from "./signature-v2.ts";
import { refuseSkew, SKEW_MS } from "./skew.ts";

export interface Signed {
  principal: Principal;
  region: string;
  /** What the head says of the body: a SHA-256 in hexadecimal digits, or one of the words that begin with STREAMING- or UNSIGNED-. */
  payload: string;
  /** What signatures of the body's chunks follow from; undefined: such are not accepted. */
  seed: ChunkSeed | undefined;
  /** Those of the request, with the parameters of a presigned URL that stand for headers. */
  headers: Headers;
}

export interface ChunkSeed {
  key: Buffer;
  date: string;
  scope: string;
  signature: string;
}

export interface Head {
  method: string;
  url: string;
  headers: Headers;
  /** Of a bucket that is addressed by the host's name. */
  bucketOfHost: string | undefined;
}

const DEFAULT_REGION = "us-east-1";
/** Those of requests and of forms. */
export const signing = new SigningKeys();

/** Null: anonymous. Throws an S3Error. @param now wall clock, ms */
export function authenticate(given: Head, query: URLSearchParams, keys: Pick<Principals, "ofAccessKey">, now: number): Signed | null {
  const head = withoutBlank(given);
  const { authorization } = head.headers;
  const isOld = isOldSignature(head.headers, query);
  if (authorization === undefined && !isOld && !query.has("X-Amz-Algorithm") && !query.has("X-Amz-Signature")) return null;
  if (!isOld && authorization !== undefined && !authorization.startsWith("AWS4-HMAC-SHA256"))
    throw new S3Error(
      "InvalidArgument",
      { ArgumentName: "Authorization", ArgumentValue: authorization.slice(0, 100) },
      "Unsupported Authorization Type",
    );
  if (authorization !== undefined && ["X-Amz-Algorithm", "X-Amz-Signature", "Signature"].some((name) => query.has(name)))
    throw new S3Error(
      "InvalidArgument",
      {},
      "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified",
    );
  return isOld ? authenticateOld(head, query, keys, now) : authenticateNew(head, query, keys, now);
}

/** A header that says nothing is none. */
function withoutBlank(head: Head): Head {
  if (head.headers.authorization?.trim() !== "") return head;
  const { authorization: _blank, ...headers } = head.headers;
  return { ...head, headers };
}

function authenticateNew(head: Head, query: URLSearchParams, keys: Pick<Principals, "ofAccessKey">, now: number): Signed {
  const given = read(head.headers, query);
  const isPresigned = given.expires !== undefined;
  const payload =
    head.headers["x-amz-content-sha256"] ?? query.get("X-Amz-Content-Sha256") ?? (isPresigned ? "UNSIGNED-PAYLOAD" : undefined);
  if (payload === undefined) throw new S3Error("InvalidRequest", {}, "Missing required header for this request: x-amz-content-sha256");
  refuseScope(given);
  refuseTime(given, now);
  refuseUnsigned(head.headers, given);
  const known = keys.ofAccessKey(given.accessKeyId, now);
  const path = head.url.split("?", 1)[0]!;
  const own = isPresigned ? { ...headersIn(query), ...head.headers } : head.headers;
  const whole = { method: head.method, path, query, headers: { ...own, "x-amz-content-sha256": payload }, body: new Uint8Array() };
  const isRight = signing.isRight(whole, given, known?.secret ?? null);
  if (known === null) throw new S3Error("InvalidAccessKeyId", { AWSAccessKeyId: given.accessKeyId.slice(0, 200) });
  if (!isRight) {
    const canonical = canonicalOf(whole, given);
    throw doesNotMatch(given, { StringToSign: textToSign(canonical, given), CanonicalRequest: canonical });
  }
  known.used(now);
  const scope = `${given.day}/${given.region}/${given.service}/aws4_request`;
  const seed = { key: signing.keyOf(given, known.secret), date: given.date, scope, signature: given.signature };
  return { principal: known.principal, region: given.region, payload, seed, headers: own };
}

function authenticateOld(head: Head, query: URLSearchParams, keys: Pick<Principals, "ofAccessKey">, now: number): Signed {
  const given = readOldSignature(head.headers, query);
  const headers = given.expires === undefined ? head.headers : { ...headersIn(query), ...head.headers };
  refuseOldTime(given, headers, now);
  const known = keys.ofAccessKey(given.accessKeyId, now);
  const texts = oldTextsToSign({ ...head, headers }, given);
  const isRight = texts.filter((text) => equal(given.signature, oldSignatureOf(text, known?.secret ?? null))).length > 0;
  if (known === null) throw new S3Error("InvalidAccessKeyId", { AWSAccessKeyId: given.accessKeyId.slice(0, 200) });
  if (!isRight) throw doesNotMatch(given, { StringToSign: texts[0]! });
  if (given.expires !== undefined) refuseUnsignedParts(query);
  known.used(now);
  const payload = headers["x-amz-content-sha256"] ?? "UNSIGNED-PAYLOAD";
  return { principal: known.principal, region: DEFAULT_REGION, payload, seed: undefined, headers };
}

/** Tells a client what it should have signed, as AWS does. */
function doesNotMatch(given: { accessKeyId: string; signature: string }, texts: Readonly<Record<string, string>>): S3Error {
  const bytes = Object.entries(texts).map(([name, text]) => [
    `${name}Bytes`,
    Buffer.from(text)
      .toString("hex")
      .replaceAll(/..(?=.)/g, "$& "),
  ]);
  return new S3Error("SignatureDoesNotMatch", {
    AWSAccessKeyId: given.accessKeyId.slice(0, 200),
    SignatureProvided: given.signature.slice(0, 200),
    ...texts,
    ...Object.fromEntries(bytes),
  });
}

const ofSignature = /^x-amz-(?:algorithm|credential|date|expires|signedheaders|signature|security-token|content-sha256)$/;
/** AWS ignores these in URLs: its SDK for JavaScript puts there the checksum of the content that it does not know yet. */
const ofContent = /^x-amz-(?:sdk-)?checksum-/;

/** The parameters of a presigned URL that stand for headers of the same names. */
function headersIn(query: URLSearchParams): Record<string, string> {
  const found = new Map<string, string>();
  for (const [given, value] of query) {
    const name = given.toLowerCase();
    const isHeader =
      (name.startsWith("x-amz-") && !ofSignature.test(name) && !ofContent.test(name)) || name === "content-type" || name === "content-md5";
    if (isHeader) found.set(name, value);
  }
  return Object.fromEntries(found);
}

function read(headers: Headers, query: URLSearchParams): Signature {
  const dated =
    headers["x-amz-date"] === undefined && headers["date"] !== undefined ? { ...headers, "x-amz-date": compact(headers["date"]) } : headers;
  try {
    // A URL that is valid for no time at all has expired, and is not malformed.
    if (headers.authorization !== undefined || query.get("X-Amz-Expires") !== "0") return readSignature(dated, query);
    const longer = new URLSearchParams(query);
    longer.set("X-Amz-Expires", "1");
    return { ...readSignature(dated, longer), expires: 0 };
  } catch (error) {
    if (!(error instanceof SignatureRefusal)) throw error;
    if (headers.authorization !== undefined)
      throw new S3Error("AuthorizationHeaderMalformed", {}, `The authorization header is malformed; ${error.message}`);
    throw new S3Error("AuthorizationQueryParametersError", {}, ofQuery(query) ?? error.message);
  }
}

/** AWS has words of its own for what most often is wrong with a presigned URL. */
function ofQuery(query: URLSearchParams): string | undefined {
  const expires = query.get("X-Amz-Expires");
  if (expires === null || ["Algorithm", "Credential", "Signature", "Date", "SignedHeaders"].some((name) => !query.has(`X-Amz-${name}`)))
    return "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.";
  if (!/^-?\d+$/.test(expires)) return "X-Amz-Expires should be a number";
  if (Number(expires) < 0) return "X-Amz-Expires must be non-negative";
  if (!/^[^/]+\/\d{8}\/[^/]+\/[^/]+\/aws4_request$/.test(query.get("X-Amz-Credential") ?? ""))
    return 'Error parsing the X-Amz-Credential parameter; the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".';
  return Number(expires) > 604_800
    ? "X-Amz-Expires must be less than a week (in seconds) that is, the given X-Amz-Expires must be less than 604800 seconds"
    : undefined;
}

function compact(date: string): string {
  const at = Date.parse(date);
  return Number.isNaN(at) ? date : `${new Date(at).toISOString().slice(0, 19).replaceAll(/[-:]/g, "")}Z`;
}

function refuseScope({ service, region, date, day, signedHeaders, expires }: Signature): void {
  const malformed = (what: string) =>
    new S3Error(expires === undefined ? "AuthorizationHeaderMalformed" : "AuthorizationQueryParametersError", {}, what);
  if (service !== "s3")
    throw malformed(
      `Error parsing the X-Amz-Credential parameter; incorrect service "${service.slice(0, 50)}". This endpoint belongs to "s3".`,
    );
  if (!/^[a-zA-Z0-9-]{1,64}$/.test(region)) throw malformed("Error parsing the X-Amz-Credential parameter; the region is wrong.");
  // It is a client's word for the region that has no name of its own, and nothing is signed for it.
  if (region === "aws-global")
    throw new S3Error(
      expires === undefined ? "AuthorizationHeaderMalformed" : "AuthorizationQueryParametersError",
      { Region: DEFAULT_REGION },
      `The authorization header is malformed; the region '${region}' is wrong; expecting '${DEFAULT_REGION}'`,
    );
  if (!/^\d{8}T\d{6}Z$/.test(date)) throw new S3Error("AccessDenied", {}, "AWS authentication requires a valid Date or x-amz-date header");
  if (date.slice(0, 8) !== day)
    throw malformed(`Invalid credential date "${day}". This date is not the same as X-Amz-Date: "${date.slice(0, 8)}".`);
  if (!signedHeaders.includes("host"))
    throw new S3Error("AccessDenied", { HeadersNotSigned: "host" }, "There were headers present in the request which were not signed");
}

function refuseTime({ date, expires }: Signature, now: number): void {
  if (expires === undefined) return refuseSkew(date, now);
  const at = Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"));
  const from = Number.isNaN(at) ? 0 : at;
  const ends = from + expires * 1_000;
  if (from > now + SKEW_MS) throw new S3Error("AccessDenied", {}, "Request is not valid yet");
  if (now <= ends) return;
  const [Expires, ServerTime] = [ends, now].map((time) => new Date(time).toISOString().replace(/\.\d+Z/, "Z"));
  throw new S3Error("AccessDenied", { "X-Amz-Expires": expires, Expires: Expires!, ServerTime: ServerTime! }, "Request has expired");
}

/** They are a part of what is signed, even where SignedHeaders does not name them; the date of a presigned URL is that of its parameter. */
function isCovered(name: string, expires: number | undefined): boolean {
  return name === "x-amz-content-sha256" || (name === "x-amz-date" && expires === undefined);
}

function refuseUnsigned(headers: Headers, { signedHeaders, expires }: Signature): void {
  const unsigned = Object.keys(headers)
    .filter((name) => name.startsWith("x-amz-") && !isCovered(name, expires) && !signedHeaders.includes(name))
    .toSorted();
  if (unsigned.length > 0)
    throw new S3Error(
      "AccessDenied",
      { HeadersNotSigned: unsigned.join(", ") },
      "There were headers present in the request which were not signed",
    );
}

export function equal(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}
