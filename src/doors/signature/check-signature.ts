/**
 * Checks AWS's Signature V4 of a request by signing the same request again, with the secret that belongs to its key.
 *
 * 1. A request is refused for what its head says (no signature, a key that nobody has, a date too far off) before its body is read.
 * 2. A key counts as used only where its signature is right, because whoever has seen a presigned URL knows its id.
 * 3. A header that begins with x-amz- means something to what is behind this check, so that an unsigned one is refused: whoever gets hold of a signed request could
 *    add it. The same holds for a path that a signature does not tell from another one.
 * 4. The session token of temporary credentials is signed like every other header and means nothing here: keys are the only secret.
 */
import type { Clock } from "../../base/clock/clock.ts";
import { remembering } from "../../base/remember/remembering.ts";
import { type Headers, readSignature, type Signature } from "./read-signature.ts";
import { sha256Hex } from "./sha256.ts";
import { doesNotMatch, invalid, type SignatureRefusal, unknownKey } from "./signature-refusal.ts";
import { type DeriveKey, SigningKeys } from "./signing-keys.ts";

/** Who has which key. */
interface AccessKeys<P> {
  /** Null if nobody has the key, or nobody any more. @param now milliseconds since the epoch */
  ofAccessKey(id: string, now: number): { principal: P; secret: string; used(now: number): void } | null;
}

/** A request's head, as it was received. */
export interface SignedHead {
  method: string;
  /** The path and the query, as in the request line. */
  url: string;
  /** By their names in lower case. */
  headers: Headers;
}

interface SignedCaller<P> {
  principal: P;
  accessKeyId: string;
  /** The region for which the request was signed. */
  region: string;
}

export interface HeadOfSigned<P> {
  /** Whose key the head names, which anybody may name; null: nobody has it. */
  claimed: P | null;
  /** Throws a SignatureRefusal if the signature is not that of this body and the head. */
  check(body: Uint8Array): SignedCaller<P>;
  /** Like check(), for a body that has not come yet. `bodySha256` (hex) is the hash that it must have, because it is what was signed; undefined: any. */
  checkHead(): SignedCaller<P> & { bodySha256: string | undefined };
}

export interface SignatureOptions<P> {
  keys: AccessKeys<P>;
  /** The name in the credential's scope, such as lambda; or several, of which the first is named to clients. */
  service: string | readonly [string, ...string[]];
  clock: Pick<Clock, "wall">;
  /** Default: as AWS's documentation has it. */
  derive?: DeriveKey;
}

/** How far a client's clock may be off. */
const SKEW_MS = 300_000;
const UNSIGNED = "UNSIGNED-PAYLOAD";
const NOTHING = new Uint8Array();

/** Returns a function that reads the head of a request. That function throws a SignatureRefusal. */
export function signatureCheck<P>({ keys, service, clock, derive }: SignatureOptions<P>): (head: SignedHead) => HeadOfSigned<P> {
  const signing = new SigningKeys(derive);
  const services = [service].flat();
  return (head) => {
    const { path, query } = partsOf(head.url);
    const given = readSignature(head.headers, query);
    refuseUncovered(head, given);
    const now = clock.wall();
    refuseScope(given, services);
    refuseDate(given, now);
    const known = keys.ofAccessKey(given.accessKeyId, now);
    const declared = head.headers["x-amz-content-sha256"];
    const verify = (body: Uint8Array): SignedCaller<P> => {
      const isRight = signing.isRight({ ...head, path, query, body }, given, known?.secret ?? null);
      if (known === null) throw unknownKey();
      if (!isRight) throw doesNotMatch();
      known.used(now);
      return { principal: known.principal, accessKeyId: given.accessKeyId, region: given.region };
    };
    return {
      claimed: known?.principal ?? null,
      check(body) {
        if (declared !== undefined && declared !== UNSIGNED && declared !== sha256Hex(body)) throw doesNotMatch();
        return verify(body);
      },
      // What is declared is a part of what is signed; without it, that is the hash of no body.
      checkHead: () => ({ ...verify(NOTHING), bodySha256: declared === UNSIGNED ? undefined : (declared ?? sha256Hex(NOTHING)) }),
    };
  };
}

const NO_QUERY = new URLSearchParams();

function partsOf(url: string): { path: string; query: URLSearchParams } {
  const at = url.indexOf("?");
  // A plus stands for itself in what is signed.
  return at < 0
    ? { path: url, query: NO_QUERY }
    : { path: url.slice(0, at), query: new URLSearchParams(url.slice(at + 1).replaceAll("+", "%2B")) };
}

/** In the path, before the query: empty parts and dots. */
const SAME_TO_SIGNATURES = /^[^?]*\/(?:\.{0,2}\/|\.{1,2}(?:\?|$))/;
/** They are a part of what is signed, even where SignedHeaders does not name them. */
const COVERED = new Set(["x-amz-date", "x-amz-content-sha256"]);

function refuseUncovered({ url, headers }: SignedHead, { signedHeaders }: Signature): void {
  // To a signature, /a/../b is /b: who may call that would call whatever /a leads to.
  if (SAME_TO_SIGNATURES.test(url)) throw invalid("The path has empty parts or dots, which signatures do not tell apart.");
  for (const name in headers)
    if (name.startsWith("x-amz-") && !COVERED.has(name) && !name.startsWith(OF_CLOUDFRONT) && !signedHeaders.includes(name))
      throw invalid(`'${name.slice(0, 100)}' must be a 'SignedHeader' in the AWS Authorization.`);
}

/** CloudFront adds a header of its own to what it passes on. */
const OF_CLOUDFRONT = "x-amz-cf-";

function refuseScope({ service, region, date, day, signedHeaders }: Signature, wanted: readonly string[]): void {
  if (!wanted.includes(service)) throw invalid(`Credential should be scoped to correct service: '${wanted[0]}'.`);
  // It becomes a part of ARNs that functions see.
  if (!/^[a-zA-Z0-9-]{1,64}$/.test(region)) throw invalid(`Credential should be scoped to a valid region.`);
  if (!/^\d{8}T\d{6}Z$/.test(date)) throw invalid(`Date must be in ISO-8601 'basic format'. Got '${date}'.`);
  if (date.slice(0, 8) !== day)
    throw invalid(
      `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${day}' != '${date.slice(0, 8)}'.`,
    );
  if (!signedHeaders.includes("host")) throw invalid("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
}

function refuseDate(given: Signature, now: number): void {
  const refusal = given.expires === undefined ? tooFarOff(given, now) : expired(given, given.expires, now);
  if (refusal !== undefined) throw refusal;
}

function tooFarOff({ date }: Signature, now: number): SignatureRefusal | undefined {
  const at = timeOf(date);
  if (at < now - SKEW_MS)
    return invalid(`Signature expired: ${date} is now earlier than ${compact(now - SKEW_MS)} (${compact(now)} - 5 min.)`);
  if (at > now + SKEW_MS)
    return invalid(`Signature not yet current: ${date} is still later than ${compact(now + SKEW_MS)} (${compact(now)} + 5 min.)`);
  return undefined;
}

function expired({ date }: Signature, expires: number, now: number): SignatureRefusal | undefined {
  const from = timeOf(date);
  if (from > now + SKEW_MS)
    return invalid(`Signature not yet current: ${date} is still later than ${compact(now + SKEW_MS)} (${compact(now)} + 5 min.)`);
  if (now <= from + expires * 1_000) return undefined;
  return invalid(`Signature expired: ${compact(now)} is now later than ${compact(from + expires * 1_000)} (${date} + ${expires} s.)`);
}

/** Of a date of the form YYYYMMDDTHHMMSSZ. Many requests are of the same second. */
const timeOf = remembering(100, (date) => {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date)!.map(Number);
  return Date.UTC(year!, month! - 1, day, hour, minute, second);
});

function compact(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replaceAll(/[-:]/g, "")}Z`;
}
