/** Reads what a request says of its signature: in the header Authorization, or in the query of a presigned URL. */
import { remembering } from "../../base/remember/remembering.ts";
import { incomplete, invalid, SignatureRefusal } from "./signature-refusal.ts";

const ALGORITHM = "AWS4-HMAC-SHA256";

/** Of the query of a presigned URL. */
const SIGNATURE_PARAMETERS = new Set([
  "X-Amz-Algorithm",
  "X-Amz-Credential",
  "X-Amz-Date",
  "X-Amz-Expires",
  "X-Amz-SignedHeaders",
  "X-Amz-Signature",
]);

/** What many requests of a client have in common. */
interface Scope {
  accessKeyId: string;
  /** Of the credential's scope: YYYYMMDD, the region, and the service. */
  day: string;
  region: string;
  service: string;
  /** In lower case. */
  signedHeaders: readonly string[];
}

export interface Signature extends Scope {
  /** As the request has it: YYYYMMDDTHHMMSSZ. */
  date: string;
  /** 64 hexadecimal digits, if the client is right. */
  signature: string;
  /** For how many seconds a presigned URL is valid from its date; undefined if the signature is in the header. */
  expires: number | undefined;
}

/** Throws a SignatureRefusal. @param headers by their names in lower case */
export function readSignature(headers: Headers, query: URLSearchParams): Signature {
  if (headers.authorization !== undefined) return ofHeader(headers.authorization, headers["x-amz-date"]);
  if (query.has("X-Amz-Algorithm") || query.has("X-Amz-Signature")) return ofQuery(query);
  throw new SignatureRefusal("MissingAuthenticationTokenException", "Missing Authentication Token");
}

export type Headers = Readonly<Record<string, string | undefined>> & { readonly authorization?: string | undefined };

const SIGNATURE = "Signature=";

/** What is before the signature, which AWS's clients have at the end, is the same for all requests of a client in a day. */
function ofHeader(authorization: string, date: string | undefined): Signature {
  const at = authorization.lastIndexOf(SIGNATURE);
  const signature = authorization.slice(at + SIGNATURE.length);
  const scope = at > 0 && /^[^\s,]+$/.test(signature) ? scopeBefore(authorization.slice(0, at)) : undefined;
  return scope === undefined || date === undefined ? ofWholeHeader(authorization, date) : { ...scope, date, signature, expires: undefined };
}

/** Undefined: something is wrong with it. */
const scopeBefore = remembering(1_000, (text): Scope | undefined => {
  try {
    const { accessKeyId, day, region, service, signedHeaders } = ofWholeHeader(`${text}${SIGNATURE}-`, "");
    return { accessKeyId, day, region, service, signedHeaders };
  } catch {
    return undefined;
  }
});

function ofWholeHeader(authorization: string, date: string | undefined): Signature {
  const [algorithm, rest] = split(authorization, " ");
  if (algorithm !== ALGORITHM) throw incomplete(`Unsupported AWS 'algorithm': '${algorithm}'.`);
  const parts = new Map(rest.split(",").map((part) => split(part.trim(), "=")));
  const missing = ["Credential", "Signature", "SignedHeaders"].filter((name) => (parts.get(name) ?? "") === "");
  const lacking = missing.map((name) => `Authorization header requires '${name}' parameter.`);
  if (date === undefined) lacking.push("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.");
  if (date === undefined || lacking.length > 0) throw incomplete(lacking.join(" "));
  return {
    ...readCredential(parts.get("Credential")!),
    date,
    signedHeaders: parts.get("SignedHeaders")!.toLowerCase().split(";"),
    signature: parts.get("Signature")!,
    expires: undefined,
  };
}

function ofQuery(query: URLSearchParams): Signature {
  const missing = [...SIGNATURE_PARAMETERS].filter((name) => (query.get(name) ?? "") === "");
  if (missing.length > 0) throw incomplete(missing.map((name) => `AWS query-string parameters must include '${name}'.`).join(" "));
  const [algorithm, expires] = [query.get("X-Amz-Algorithm")!, Number(query.get("X-Amz-Expires"))];
  if (algorithm !== ALGORITHM) throw incomplete(`Unsupported AWS 'algorithm': '${algorithm}'.`);
  if (!Number.isInteger(expires) || expires < 1 || expires > WEEK_S) throw invalid("X-Amz-Expires must be between 1 and 604800 seconds");
  return {
    ...readCredential(query.get("X-Amz-Credential")!),
    date: query.get("X-Amz-Date")!,
    signedHeaders: query.get("X-Amz-SignedHeaders")!.toLowerCase().split(";"),
    signature: query.get("X-Amz-Signature")!,
    expires,
  };
}

const WEEK_S = 604_800;

/** For example `AKID/20260101/us-east-1/lambda/aws4_request`, which is the same for all requests of a client in a day. */
const readCredential = remembering(1_000, (credential): Pick<Signature, "accessKeyId" | "day" | "region" | "service"> => {
  const parts = credential.split("/");
  const [accessKeyId, day, region, service, end] = parts;
  if (parts.length !== 5 || [accessKeyId, day, region, service].includes("") || end !== "aws4_request")
    throw incomplete(`Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '${credential}'`);
  return { accessKeyId: accessKeyId!, day: day!, region: region!, service: service! };
});

/** The text before the first separator, and what comes after it. */
function split(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + separator.length)];
}
