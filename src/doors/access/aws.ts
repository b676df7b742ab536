/**
 * Checks AWS's Signature V4, in headers or in the query, by the key pairs of Mayfly's principals: what function URLs of AWS Lambda call AWS_IAM.
 *
 * The signature is over the head and a hash of the body, which the head declares. The head is checked here; whether the body has that hash is found out while it
 * is passed on, and a call whose body has another is ended before its end.
 */
import { hash } from "node:crypto";
import { MayflyError } from "../../base/errors/error.ts";
import type { HeadOfSigned, SignedHead } from "../signature/check-signature.ts";
import { SignatureRefusal } from "../signature/signature-refusal.ts";
import type { AccessRules } from "./rules.ts";
import type { Callers, TokenHolder } from "./token.ts";
import { absent, type Caller, headersOf, refused, type Verdict } from "./verdict.ts";

/** Reads the signature of a request's head. Throws a SignatureRefusal. */
export type ReadSignature = (head: SignedHead) => Pick<HeadOfSigned<TokenHolder>, "checkHead">;

export interface SignedVisit {
  method: string;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The host that the client has sent. */
  host: string;
  /** The path with the query, as in the request line. */
  url: string;
  hasBody: boolean;
}

const NOTHING = hash("sha256", "");

function verify(read: ReadSignature, callers: Callers, rules: AccessRules, visit: SignedVisit): Verdict {
  const names = { app: rules.appName, function: rules.function };
  const bad = (what: string) => refused(new MayflyError("credentials-refused", { ...names, what: `the signature is refused: ${what}` }));
  try {
    const { principal, accessKeyId, bodySha256 } = read(headOf(visit)).checkHead();
    if (!visit.hasBody && bodySha256 !== undefined && bodySha256 !== NOTHING) return bad("it is for a body, and the request has none");
    if (visit.hasBody && bodySha256 === NOTHING)
      return bad("it is not for a body: the signed header x-amz-content-sha256 must have the body's hash");
    if (!callers.mayCall(principal, rules.tenant, rules.app))
      return refused(new MayflyError("caller-not-allowed", { ...names, what: "its key has no right to call functions of this app" }));
    return { is: "caller", caller: callerOf(principal, accessKeyId, visit.hasBody ? bodySha256 : undefined) };
  } catch (error) {
    if (!(error instanceof SignatureRefusal)) throw error;
    // curl signs the hash of a body without sending it, and what is passed on as it comes cannot be hashed before.
    if (visit.hasBody && visit.headers["x-amz-content-sha256"] === undefined && visit.headers["authorization"] !== undefined)
      return bad("a request with a body must have the signed header x-amz-content-sha256, with the body's SHA-256 or UNSIGNED-PAYLOAD");
    // Which keys there are is nobody's business.
    return bad(error.isOfKey ? "it is by no key that this server has, or not of this request" : error.message.replace(/\.$/, ""));
  }
}

/** Whether the request shows anything of AWS's signature. */
function looksSigned({ headers, url }: Pick<SignedVisit, "headers" | "url">): boolean {
  const { authorization } = headers;
  return (typeof authorization === "string" && authorization.startsWith("AWS4-")) || url.includes("X-Amz-Signature=");
}

export function checkAws(read: ReadSignature, callers: Callers, rules: AccessRules, visit: SignedVisit): Verdict {
  return looksSigned(visit) ? verify(read, callers, rules, visit) : absent;
}

function headOf({ method, url, headers, host }: SignedVisit): SignedHead {
  const texts = Object.entries(headers).flatMap(([name, value]) => (typeof value === "string" ? [[name, value] as const] : []));
  return { method, url, headers: { ...Object.fromEntries(texts), host } };
}

function callerOf({ id, name, role }: TokenHolder, accessKeyId: string, bodySha256: string | undefined): Caller {
  return {
    way: "aws",
    key: `token ${id}`,
    headers: headersOf("aws", name, { sub: id, name, role, accessKeyId }),
    accessKeyId,
    ...(bodySha256 !== undefined && { bodySha256 }),
  };
}
