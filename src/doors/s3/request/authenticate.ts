/**
 * Who sent a request to S3's protocol: by Signature V4 in the head, or in the query of a presigned URL. A request that has none is anonymous. Signature V2 is refused.
 * As in doors/signature, a wrong signature takes as much work whoever's key it names, and headers that begin with x-amz- must be signed.
 */
import { timingSafeEqual } from "node:crypto";
import { type Headers, readSignature, type Signature } from "../../signature/read-signature.ts";
import { SignatureRefusal } from "../../signature/signature-refusal.ts";
import { SigningKeys } from "../../signature/signing-keys.ts";
import type { Principal, Principals } from "../../../store/principals/principal.ts";
import { S3Error } from "../s3-error.ts";

export interface Signed {
  principal: Principal;
  region: string;
  /** What the head says of the body: a SHA-256 in hexadecimal digits, or one of the words that begin with STREAMING- or UNSIGNED-. */
  payload: string;
  /** What signatures of the body's chunks follow from. */
  seed: ChunkSeed;
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
}

const SKEW_MS = 900_000;
/** Those of requests and of forms. */
export const signing = new SigningKeys();

/** Null: anonymous. Throws an S3Error. @param now wall clock, ms */
export function authenticate(head: Head, query: URLSearchParams, keys: Pick<Principals, "ofAccessKey">, now: number): Signed | null {
  const { authorization } = head.headers;
  if (
    authorization === undefined &&
    !query.has("X-Amz-Algorithm") &&
    !query.has("X-Amz-Signature") &&
    !query.has("Signature") &&
    !query.has("AWSAccessKeyId")
  )
    return null;
  refuseOldSignatures(authorization, query);
  if (authorization !== undefined && (query.has("X-Amz-Algorithm") || query.has("X-Amz-Signature")))
    throw new S3Error(
      "InvalidArgument",
      {},
      "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified",
    );
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
  const headers = { ...head.headers, "x-amz-content-sha256": payload };
  const isRight = signing.isRight({ method: head.method, path, query, headers, body: new Uint8Array() }, given, known?.secret ?? null);
  if (known === null) throw new S3Error("InvalidAccessKeyId", { AWSAccessKeyId: given.accessKeyId });
  if (!isRight) throw new S3Error("SignatureDoesNotMatch", { AWSAccessKeyId: given.accessKeyId, SignatureProvided: given.signature });
  known.used(now);
  const scope = `${given.day}/${given.region}/${given.service}/aws4_request`;
  const seed = { key: signing.keyOf(given, known.secret), date: given.date, scope, signature: given.signature };
  return { principal: known.principal, region: given.region, payload, seed };
}

function refuseOldSignatures(authorization: string | undefined, query: URLSearchParams): void {
  const isOld = authorization?.startsWith("AWS ") === true || (query.has("AWSAccessKeyId") && !query.has("X-Amz-Algorithm"));
  if (isOld)
    throw new S3Error("InvalidRequest", {}, "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.");
  if (authorization !== undefined && !authorization.startsWith("AWS4-HMAC-SHA256"))
    throw new S3Error(
      "InvalidArgument",
      { ArgumentName: "Authorization", ArgumentValue: authorization.slice(0, 100) },
      "Unsupported Authorization Type",
    );
}

function read(headers: Headers, query: URLSearchParams): Signature {
  const dated =
    headers["x-amz-date"] === undefined && headers["date"] !== undefined ? { ...headers, "x-amz-date": compact(headers["date"]) } : headers;
  try {
    return readSignature(dated, query);
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
  if (expires === null || !query.has("X-Amz-Signature"))
    return "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.";
  if (!/^-?\d+$/.test(expires)) return "X-Amz-Expires should be a number";
  if (Number(expires) < 0) return "X-Amz-Expires must be non-negative";
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
  if (!/^\d{8}T\d{6}Z$/.test(date)) throw new S3Error("AccessDenied", {}, "AWS authentication requires a valid Date or x-amz-date header");
  if (date.slice(0, 8) !== day)
    throw malformed(`Invalid credential date "${day}". This date is not the same as X-Amz-Date: "${date.slice(0, 8)}".`);
  if (!signedHeaders.includes("host"))
    throw new S3Error("AccessDenied", { HeadersNotSigned: "host" }, "There were headers present in the request which were not signed");
}

function refuseTime({ date, expires }: Signature, now: number): void {
  const at = Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"));
  const [from, server] = [new Date(Number.isNaN(at) ? 0 : at), new Date(now)];
  if (expires !== undefined) {
    const ends = new Date(from.getTime() + expires * 1_000);
    if (from.getTime() > now + SKEW_MS) throw new S3Error("AccessDenied", {}, "Request is not valid yet");
    if (now > ends.getTime())
      throw new S3Error(
        "AccessDenied",
        {
          "X-Amz-Expires": expires,
          Expires: ends.toISOString().replace(".000Z", "Z"),
          ServerTime: server.toISOString().replace(/\.\d+Z/, "Z"),
        },
        "Request has expired",
      );
  } else if (Math.abs(now - from.getTime()) > SKEW_MS)
    throw new S3Error("RequestTimeTooSkewed", {
      RequestTime: date,
      ServerTime: server.toISOString().replace(/\.\d+Z/, "Z"),
      MaxAllowedSkewMilliseconds: SKEW_MS,
    });
}

/** They are a part of what is signed, even where SignedHeaders does not name them. */
const covered = new Set(["x-amz-date", "x-amz-content-sha256"]);

function refuseUnsigned(headers: Headers, { signedHeaders }: Signature): void {
  const unsigned = Object.keys(headers).filter((name) => name.startsWith("x-amz-") && !covered.has(name) && !signedHeaders.includes(name));
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
