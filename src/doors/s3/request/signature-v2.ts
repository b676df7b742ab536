/**
 * AWS's Signature V2 of S3, which older clients use: an HMAC with SHA-1 over the method, the path and the headers that S3 knows. It covers no region and no day, and
 * neither the body nor the other parameters of the query.
 */
import { createHmac, randomBytes } from "node:crypto";
import type { Headers } from "../../signature/read-signature.ts";
import { S3Error } from "../s3-error.ts";
import { refuseSkew } from "./skew.ts";
import { isSubresource } from "./subresources.ts";

export interface OldSignature {
  accessKeyId: string;
  /** Base64. */
  signature: string;
  /** Of a presigned URL: until when it is valid, as it was sent. */
  expires: string | undefined;
}

export interface OldRequest {
  method: string;
  /** The request's target. */
  url: string;
  /** With those parameters of a presigned URL that stand for headers. */
  headers: Headers;
  /** Of a bucket that is addressed by the host's name; otherwise it is a part of the path. */
  bucketOfHost: string | undefined;
}

/** Parameters that are signed: those that name a part of a bucket or an object, and those that change a reply's headers. */
const signedParameters = new Set(
  (
    "accelerate acl analytics cors defaultObjectAcl delete inventory lifecycle location logging metrics notification object-lock partNumber policy replication requestPayment " +
    "restore select select-type storageClass tagging torrent uploadId uploads versionId versioning versions website response-cache-control response-content-disposition " +
    "response-content-encoding response-content-language response-content-type response-expires"
  ).split(" "),
);
/** Stands for the secrets that nobody has. */
const nobodys = randomBytes(30).toString("base64");

export function isOldSignature(headers: Headers, query: URLSearchParams): boolean {
  if (headers.authorization?.startsWith("AWS ") === true) return true;
  return !query.has("X-Amz-Algorithm") && (query.has("AWSAccessKeyId") || query.has("Signature"));
}

/** Throws "InvalidArgument" or "AccessDenied". */
export function readOldSignature({ authorization }: Headers, query: URLSearchParams): OldSignature {
  if (authorization !== undefined) {
    const [, accessKeyId, signature] = /^AWS ([^:\s]+):([^:\s]+)\s*$/.exec(authorization) ?? [];
    if (accessKeyId === undefined || signature === undefined)
      throw new S3Error(
        "InvalidArgument",
        { ArgumentName: "Authorization", ArgumentValue: authorization.slice(0, 100) },
        "AWS authorization header is invalid.  Expected AwsAccessKeyId:signature",
      );
    return { accessKeyId, signature, expires: undefined };
  }
  const [accessKeyId, signature, expires] = [query.get("AWSAccessKeyId"), query.get("Signature"), query.get("Expires")];
  if (!accessKeyId || !signature || !expires)
    throw new S3Error("AccessDenied", {}, "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters");
  return { accessKeyId, signature, expires };
}

/** Throws if the request is too old, or its date says nothing. */
export function refuseOldTime({ expires }: OldSignature, headers: Headers, now: number): void {
  if (expires === undefined) return refuseSkew(headers["x-amz-date"] ?? headers["date"] ?? "", now);
  if (!/^\d{1,12}$/.test(expires))
    throw new S3Error("AccessDenied", {}, `Invalid date (should be seconds since epoch): ${expires.slice(0, 50)}`);
  const ends = Number(expires) * 1_000;
  if (now <= ends) return;
  const [Expires, ServerTime] = [ends, now].map((at) => new Date(at).toISOString().replace(/\.\d+Z/, "Z"));
  throw new S3Error("AccessDenied", { Expires: Expires!, ServerTime: ServerTime! }, "Request has expired");
}

/** A presigned URL is given away, and what its signature does not cover could be added to it: it would be for another operation. Throws "AccessDenied". */
export function refuseUnsignedParts(query: URLSearchParams): void {
  const part = [...query.keys()].find((name) => isSubresource(name) && !signedParameters.has(name));
  if (part !== undefined) throw new S3Error("AccessDenied", {}, `A URL with Signature V2 cannot have ${part}: sign it with Signature V4`);
}

/** As the request is, and as some clients mean it: with a slash after the name of a bucket. */
export function oldTextsToSign({ method, url, headers, bucketOfHost }: OldRequest, { expires }: OldSignature): string[] {
  const date = expires ?? (headers["x-amz-date"] === undefined ? (headers["date"] ?? "") : "");
  const own = Object.keys(headers)
    .filter((name) => name.startsWith("x-amz-") && headers[name] !== undefined)
    .toSorted()
    .map((name) => `${name}:${headers[name]!.trim()}\n`);
  const [path = "/", query = ""] = url.split("?", 2);
  const whole = (bucketOfHost === undefined ? "" : `/${bucketOfHost}`) + path;
  const paths = /^\/[^/]+$/.test(whole) ? [whole, `${whole}/`] : [whole];
  const head = [method, headers["content-md5"] ?? "", headers["content-type"] ?? "", date, own.join("")].join("\n");
  return paths.map((each) => head + each + signedQuery(query));
}

/** @param secret null: nobody has the key, and it takes as long to say so */
export function oldSignatureOf(text: string, secret: string | null): string {
  return createHmac("sha1", secret ?? nobodys)
    .update(text)
    .digest("base64");
}

/** The parameters that are signed, in the order of their names, as they are meant. One without a sign "=" has none there either. */
function signedQuery(query: string): string {
  const pairs = query
    .split("&")
    .map((pair): [name: string, ...value: string[]] => {
      const at = pair.indexOf("=");
      return at < 0 ? [pair] : [pair.slice(0, at), decoded(pair.slice(at + 1))];
    })
    .filter(([name]) => signedParameters.has(name))
    .toSorted(([a], [b]) => (a < b ? -1 : Number(a > b)));
  return pairs.length === 0 ? "" : `?${pairs.map((pair) => pair.join("=")).join("&")}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
