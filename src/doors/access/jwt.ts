/**
 * Checks JWTs against a manifest's rule, by the library jose.
 *
 * 1. Only signatures by public keys count: neither "none", nor a secret that both sides have, which for a checker would be the public key itself.
 * 2. A token without an end is refused.
 * 3. Of an address that has sent too many wrong credentials, only tokens are checked that name a user who was let in from there within REMEMBERED_MS.
 * 4. A token that was found good counts for at most TRUSTED_MS without another look, and never beyond its end. Bad ones are not remembered.
 */
import { hash } from "node:crypto";
import { decodeJwt, errors, jwtVerify, type JWTPayload } from "jose";
import type { Clock } from "../../base/clock/clock.ts";
import { MayflyError } from "../../base/errors/error.ts";
import { clientKey } from "../../base/network/addresses.ts";
import { BoundedCache } from "./bounded-cache.ts";
import { type KeySets, NoKeys } from "./key-sets.ts";
import type { AccessRules, CheckedJwt } from "./rules.ts";
import { absent, type Caller, headersOf, refused, type Verdict } from "./verdict.ts";

const ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"];
/** A key that its issuer has taken back counts for this long at most, if its set is fresh. */
const TRUSTED_MS = 60_000;
/** In seconds: clocks of issuers and of this host differ. */
const TOLERANCE_S = 5;
/** In characters. The function gets the claims in a header, beside all others of the request. */
const MOST_OF_TOKEN = 8_192;
/** In characters of the headers of trusted callers, and what else is kept of each. */
const MOST_TRUSTED = 16_777_216;
const ENTRY = 300;
/** In characters, as above. */
const MOST_VISITORS = 8_388_608;
const REMEMBERED_MS = 3_600_000;

export class JwtChecks {
  readonly #keySets: KeySets;
  readonly #clock: Pick<Clock, "wall">;
  readonly #trusted = new BoundedCache<Caller>(MOST_TRUSTED);
  /** Users that were let in, with their addresses. */
  readonly #visitors = new BoundedCache<true>(MOST_VISITORS);

  constructor(keySets: KeySets, clock: Pick<Clock, "wall">) {
    this.#keySets = keySets;
    this.#clock = clock;
  }

  /**
   * @param bearer what the Authorization header has
   * @param address of the caller
   * @param isSlowed whether so many wrong credentials came from there that only tokens are checked whose user was let in from there lately
   * @returns a promise only for tokens that are not trusted already
   */
  check(rules: AccessRules, rule: CheckedJwt, bearer: string | undefined, address: string, isSlowed: boolean): Verdict | Promise<Verdict> {
    if (bearer === undefined || !looksLikeJwt(bearer)) return absent;
    if (bearer.length > MOST_OF_TOKEN) return bad(rules, `it has more than ${MOST_OF_TOKEN} characters`);
    const key = `${rule.id} ${hash("sha256", bearer, "base64url")}`;
    const caller = this.#trusted.get(key, this.#clock.wall());
    if (caller !== undefined) return { is: "caller", caller };
    // Nobody's keys are fetched for a token that another issuer has made, or that is none.
    const claimed = claimsOf(bearer);
    if (claimed?.iss !== rule.issuer) return bad(rules, claimReasons.get("iss")!);
    const visitor = `${clientKey(address)} ${rule.id} ${nameOf(claimed)}`;
    if (isSlowed && this.#visitors.get(visitor, this.#clock.wall()) === undefined) return bad(rules, "it was not checked");
    return this.#verify(rules, rule, bearer, key, visitor);
  }

  async #verify(rules: AccessRules, rule: CheckedJwt, token: string, key: string, visitor: string): Promise<Verdict> {
    const now = this.#clock.wall();
    try {
      const { payload } = await jwtVerify(token, this.#keySets.of(rules.app, rule), {
        issuer: rule.issuer,
        audience: rule.audience,
        algorithms: ALGORITHMS,
        requiredClaims: ["exp"],
        clockTolerance: TOLERANCE_S,
        currentDate: new Date(now),
      });
      // JSON has numbers that are too large for one, such as 1e400.
      if (!Number.isFinite(payload.exp)) return bad(rules, claimReasons.get("exp")!, false);
      const lacking = Object.entries(rule.claims ?? {}).find(([name, wanted]) => !hasClaim(payload, name, wanted));
      if (lacking !== undefined)
        return refused(
          new MayflyError("caller-not-allowed", { ...names(rules), what: `its token lacks what the app asks of the claim ${lacking[0]}` }),
        );
      const caller = callerOf(payload);
      const weight = caller.headers.reduce((sum, text) => sum + text.length, ENTRY);
      this.#trusted.put(key, caller, weight, Math.min(now + TRUSTED_MS, payload.exp! * 1_000));
      this.#visitors.put(visitor, true, visitor.length + ENTRY, now + REMEMBERED_MS);
      return { is: "caller", caller };
    } catch (error) {
      if (error instanceof NoKeys) return refused(new MayflyError("keys-unavailable", names(rules)));
      // The signature of these is right.
      const isSigned = error instanceof errors.JWTExpired || error instanceof errors.JWTClaimValidationFailed;
      return bad(rules, whyBad(error), !isSigned);
    }
  }
}

/** Three parts with dots between them, which no token of Mayfly has. */
export function looksLikeJwt(bearer: string): boolean {
  const first = bearer.indexOf(".");
  return first > 0 && bearer.indexOf(".", first + 1) > first;
}

/** As the token says, which nobody has checked. */
function claimsOf(token: string): JWTPayload | undefined {
  try {
    return decodeJwt(token);
  } catch {
    return undefined;
  }
}

function names({ appName, function: name }: AccessRules) {
  return { app: appName, function: name };
}

function bad(rules: AccessRules, what: string, isWrong = true): Verdict {
  return refused(
    new MayflyError("credentials-refused", { ...names(rules), what: `the token in the Authorization header is refused: ${what}` }),
    isWrong,
  );
}

/** Null if the token names nobody. */
function nameOf({ iss, sub }: JWTPayload): string | null {
  return typeof sub === "string" && sub !== "" ? `jwt ${JSON.stringify([iss, sub])}` : null;
}

function callerOf(payload: JWTPayload): Caller {
  const { sub } = payload;
  return {
    way: "jwt",
    key: nameOf(payload),
    headers: headersOf("jwt", typeof sub === "string" ? sub : undefined, payload),
    // As jose decides it.
    until: (payload.exp! + TOLERANCE_S) * 1_000,
  };
}

/**
 * Whether the claim has the wanted value, or one of the wanted values. Of a claim that is a list, one entry is enough. The claim `scope` is a text of words
 * (RFC 8693), and each word counts.
 */
function hasClaim(payload: JWTPayload, name: string, wanted: NonNullable<CheckedJwt["claims"]>[string]): boolean {
  const claim = Object.hasOwn(payload, name) ? payload[name] : undefined;
  const had: unknown[] = name === "scope" && typeof claim === "string" ? claim.split(" ") : [claim].flat();
  return [wanted].flat().some((value) => had.includes(value));
}

/** Nothing of the token is quoted. */
function whyBad(error: unknown): string {
  if (error instanceof errors.JWTExpired) return "it has expired";
  if (error instanceof errors.JWTClaimValidationFailed) return claimReasons.get(error.claim) ?? "a claim is not as it must be";
  if (error instanceof errors.JOSEAlgNotAllowed) return `its algorithm is none of ${ALGORITHMS.join(", ")}`;
  if (error instanceof errors.JWSSignatureVerificationFailed) return "its signature is not by the issuer's key";
  if (error instanceof errors.JWKSNoMatchingKey) return "the issuer has no such key";
  if (error instanceof errors.JWKSMultipleMatchingKeys) return "it does not say by which of the issuer's keys it is signed";
  return "it is not a JWT that can be checked";
}

const claimReasons = new Map<string, string>([
  ["iss", "it is by another issuer"],
  ["aud", "it is meant for another audience"],
  ["exp", "it has no end: the claim exp is missing or not a number"],
  ["nbf", "it is not valid yet"],
]);
