/**
 * Decides whether a request may become a call, before anything of it reaches the dispatcher: a refused one starts no machine and costs the app
 * nothing.
 *
 * 1. The order is: where the request comes from, whether a browser only asks, who calls, and how often. So strangers cannot use up the limits of an app's
 *    own callers, and a browser's question needs nothing that shows who calls.
 * 2. Of several ways to show who calls, one is enough. A request that shows nothing, and one whose showing is wrong, are told apart, but not why a
 *    token of Mayfly is wrong: whether it exists, has expired or was revoked.
 * 3. Right credentials are let in however many wrong ones come from the same address; wrong ones are counted, and are told less when they are too many.
 * 4. What fails here refuses the request.
 */
import type { Clock } from "../../base/clock/clock.ts";
import { MayflyError } from "../../base/errors/error.ts";
import { clientKey } from "../../base/network/addresses.ts";
import type { WrongCredentials } from "../../clients/wrong-credentials.ts";
import { checkAws, type ReadSignature } from "./aws.ts";
import { isPreflight, preflightHeaders, replyHeadersOf } from "./cors.ts";
import type { JwtChecks } from "./jwt.ts";
import type { RateLimits } from "./rate-limits.ts";
import type { AccessRules, CheckedWay } from "./rules.ts";
import { checkSignedUrl, type FindSigningKey, isStillKey } from "./signed-url.ts";
import { checkToken, type Callers, type TokenHolder } from "./token.ts";
import { absent, type Caller, type Verdict } from "./verdict.ts";

/** A request as far as access depends on it. */
export interface Visit {
  method: string;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  rawHeaders: readonly string[];
  /** The client's address: that of the connection, or what trusted proxies say. */
  address: string;
  /** The path with the query, as the function is to see it. */
  path: string;
  /** The path with the query, as it was received. */
  url: string;
  /** The host that the client has sent. */
  host: string;
  hasBody: boolean;
}

export interface Granted {
  /** Headers that the function gets. */
  caller: readonly string[];
  /** The path with the query, without what was added to sign it. */
  path: string;
  /** Whether the function does not get the Authorization header, because whoever has it could act as the caller. */
  withoutAuthorization: boolean;
  /** The SHA-256 (hex) that the body must have; undefined: any. */
  bodySha256: string | undefined;
  /** Headers that every reply gets, in place of the function's. */
  reply: readonly string[];
  /** How the caller was known; null: everybody may call. */
  way: Caller["way"] | null;
  /** Of the way `aws`. */
  accessKeyId: string | undefined;
  /** Of the way `jwt`: from when on the token is refused, in milliseconds since the epoch. */
  until: number | undefined;
  /** Of the way `signed-url`: the key by which the URL was signed. */
  signedBy: Uint8Array | undefined;
}

/** What let a caller in, as far as that may come to an end. */
export type Holding = Pick<Granted, "way" | "accessKeyId" | "until" | "signedBy">;

export type Admission =
  | { is: "granted"; granted: Granted }
  | { is: "refused"; error: MayflyError; reply: readonly string[] }
  /** The answer to a preflight. */
  | { is: "answered"; reply: readonly string[] };

export interface GateOptions {
  callers: Callers;
  /** Reads signatures of AWS's kind. */
  signatures: ReadSignature;
  signingKey: FindSigningKey;
  jwts: JwtChecks;
  rates: RateLimits;
  wrong: WrongCredentials;
  clock: Pick<Clock, "now" | "wall">;
  /** Called with failures that are not the caller's fault, for the server's own log. */
  onFailure: (error: unknown) => void;
}

export class Gate {
  readonly #options: GateOptions;

  constructor(options: GateOptions) {
    this.#options = options;
  }

  /** Never throws or rejects. Returns a promise only where a caller is not known yet. */
  admit(rules: AccessRules, visit: Visit): Admission | Promise<Admission> {
    const { cors } = rules;
    if (!isAllowedAddress(rules, visit.address)) return refusal(new MayflyError("address-not-allowed", namesOf(rules)), []);
    if (cors !== undefined && isPreflight(visit)) return { is: "answered", reply: preflightHeaders(cors, visit) };
    const reply = cors === undefined ? [] : replyHeadersOf(cors, visit);
    if (rules.ways.length === 0) return this.#count(rules, visit, null, reply);
    if (hasTwo(visit.rawHeaders, "authorization"))
      return refusal(new MayflyError("bad-request", { what: "it has more than one Authorization header" }), reply);
    try {
      const verdict = this.#verdict(rules, visit);
      if (!(verdict instanceof Promise)) return this.#decide(rules, visit, verdict, reply);
      return verdict.then((found) => this.#decide(rules, visit, found, reply)).catch((error: unknown) => this.#failed(error, reply));
    } catch (error) {
      return this.#failed(error, reply);
    }
  }

  /**
   * Whether a caller that was let in still has what let it in, for connections that go on for long: a token or a key pair that is neither revoked nor over, a JWT that has not ended, or
   * a URL that was signed by the key that the app still has. When the URL ends is no matter: that says until when a connection may begin (decisions/how-long-a-websocket-is-let-in.md).
   */
  isStillAllowed({ tenant, app }: AccessRules, granted: Holding, { headers }: Pick<Visit, "headers">): boolean {
    const { callers, signingKey, clock } = this.#options;
    const now = clock.wall();
    const mayCall = (holder: TokenHolder | null | undefined) => holder != null && callers.mayCall(holder, tenant, app);
    try {
      if (granted.way === "token") return mayCall(callers.ofToken(bearerOf({ headers }) ?? "", now));
      if (granted.way === "aws") return mayCall(callers.ofAccessKey(granted.accessKeyId ?? "", now)?.principal);
      if (granted.way === "signed-url") return isStillKey(signingKey, app, granted.signedBy);
      return granted.way === null || now < (granted.until ?? 0);
    } catch (error) {
      this.#options.onFailure(error);
      return false;
    }
  }

  /** What has failed may name files of the host, and callers are strangers. */
  #failed(error: unknown, reply: readonly string[]): Admission {
    this.#options.onFailure(error);
    return refusal(new MayflyError("internal", { what: "who calls could not be checked" }), reply);
  }

  #verdict(rules: AccessRules, visit: Visit): Verdict | Promise<Verdict> {
    let best = absent;
    for (const [at, way] of rules.ways.entries()) {
      const verdict = this.#check(rules, way, visit);
      if (verdict instanceof Promise) return this.#verdictFrom(rules, visit, at, verdict, best);
      if (verdict.is === "caller") return verdict;
      best = better(best, verdict);
    }
    return best;
  }

  /** Goes on where a way takes time. @param at the index of that way */
  async #verdictFrom(rules: AccessRules, visit: Visit, at: number, pending: Promise<Verdict>, before: Verdict): Promise<Verdict> {
    const verdict = await pending;
    let best = better(before, verdict);
    for (const way of rules.ways.slice(at + 1)) {
      if (best.is === "caller") return best;
      best = better(best, await this.#check(rules, way, visit));
    }
    return best;
  }

  #check(rules: AccessRules, way: CheckedWay, visit: Visit): Verdict | Promise<Verdict> {
    const { callers, signatures, signingKey, jwts, wrong, clock } = this.#options;
    if (way.kind === "aws") return checkAws(signatures, callers, rules, visit);
    if (way.kind === "signed-url") return checkSignedUrl(signingKey, rules, visit, clock.wall());
    const bearer = bearerOf(visit);
    if (way.kind === "jwt") return jwts.check(rules, way.rule, bearer, visit.address, wrong.waitS(visit.address) > 0);
    return checkToken(callers, rules, bearer, clock.wall());
  }

  #decide(rules: AccessRules, visit: Visit, verdict: Verdict, reply: readonly string[]): Admission {
    if (verdict.is === "caller") return this.#count(rules, visit, verdict.caller, reply);
    const retryAfterS = verdict.is === "refused" && verdict.isWrong ? this.#options.wrong.count(visit.address) : 0;
    if (retryAfterS > 0) return refusal(new MayflyError("too-many-wrong-credentials", { retryAfterS }), reply);
    const error = verdict.is === "refused" ? verdict.error : nothingShown(rules, visit);
    return refusal(error, [...reply, ...challenges(rules, error)]);
  }

  #count(rules: AccessRules, visit: Visit, caller: Caller | null, reply: readonly string[]): Admission {
    const { rates, clock } = this.#options;
    if (rules.rate !== undefined) {
      const key = caller?.key ?? `address ${clientKey(visit.address)}`;
      const waitMs = rates.take(`${rules.app}/${rules.function}`, key, rules.rate, clock.now());
      if (waitMs > 0) return refusal(new MayflyError("rate-limited", { ...namesOf(rules), retryAfterS: Math.ceil(waitMs / 1_000) }), reply);
    }
    return { is: "granted", granted: { ...grantOf(caller, visit.path), reply } };
  }
}

function grantOf(caller: Caller | null, path: string): Omit<Granted, "reply"> {
  return {
    caller: caller?.headers ?? [],
    path: caller?.path ?? path,
    withoutAuthorization: caller?.way === "token" || caller?.way === "aws",
    bodySha256: caller?.bodySha256,
    way: caller?.way ?? null,
    accessKeyId: caller?.accessKeyId,
    until: caller?.until,
    signedBy: caller?.signedBy,
  };
}

/** A header of another kind, such as a token without `Bearer` before it, is easily taken for one that does not hold. */
function nothingShown(rules: AccessRules, { headers }: Visit): MayflyError {
  const shown =
    headers["authorization"] === undefined
      ? "the request does not show who calls"
      : "the request's Authorization header is of no kind that it takes";
  return new MayflyError("credentials-missing", { ...namesOf(rules), shown, ways: waysInWords(rules) });
}

function refusal(error: MayflyError, reply: readonly string[]): Admission {
  return { is: "refused", error, reply };
}

function isAllowedAddress({ ips }: AccessRules, address: string): boolean {
  return ips === undefined || (!ips.deny.has(address) && (ips.allow === undefined || ips.allow.has(address)));
}

/** Of two verdicts that let nobody in, the one that says more: what cannot be checked now may be right, and a known caller was recognised. */
function better(one: Verdict, other: Verdict): Verdict {
  return rank(other) > rank(one) ? other : one;
}

function rank(verdict: Verdict): number {
  if (verdict.is === "absent") return 0;
  if (verdict.is === "caller") return 4;
  return { 503: 3, 403: 2 }[verdict.error.entry.status] ?? 1;
}

const BEARER = /^Bearer +([A-Za-z0-9\-._~+/]+=*) *$/i;

function bearerOf({ headers }: Pick<Visit, "headers">): string | undefined {
  const given = headers["authorization"];
  return typeof given === "string" ? BEARER.exec(given)?.[1] : undefined;
}

function hasTwo(rawHeaders: readonly string[], wanted: string): boolean {
  let found = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!;
    if (name.length === wanted.length && name.toLowerCase() === wanted) found += 1;
  }
  return found > 1;
}

function namesOf({ appName, function: name }: AccessRules) {
  return { app: appName, function: name };
}

const WORDS: Record<CheckedWay["kind"], string> = {
  token: "a token of Mayfly (Authorization: Bearer …)",
  aws: "AWS's Signature V4 by a key of Mayfly, for the service lambda or execute-api",
  jwt: "a JWT of the app's issuer (Authorization: Bearer …)",
  "signed-url": "a signed URL",
};

function waysInWords({ ways }: AccessRules): string {
  return [...new Set(ways.map(({ kind }) => WORDS[kind]))].join(" or ");
}

/** WWW-Authenticate, which a 401 must have (RFC 9110), and a 403 for lacking rights may (RFC 6750). */
function challenges(rules: AccessRules, error: MayflyError): string[] {
  const { status } = error.entry;
  if (status !== 401 && status !== 403) return [];
  const realm = `realm="${rules.appName}/${rules.function}"`;
  const hint =
    { "credentials-refused": ', error="invalid_token"', "caller-not-allowed": ', error="insufficient_scope"' }[error.code as string] ?? "";
  const schemes = new Set(rules.ways.map(({ kind }) => challengeOf(kind, realm, hint)));
  return [...schemes].flatMap((scheme) => ["www-authenticate", scheme]);
}

function challengeOf(kind: CheckedWay["kind"], realm: string, hint: string): string {
  if (kind === "signed-url") return `Mayfly-Signed-URL ${realm}`;
  return kind === "aws" ? `AWS4-HMAC-SHA256 ${realm}` : `Bearer ${realm}${hint}`;
}
