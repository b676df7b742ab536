/** Checks tokens of Mayfly's principals. Nothing is remembered here, so that a token is refused from the moment on at which it is revoked. */
import { MayflyError } from "../../base/errors/error.ts";
import type { Principal, Principals } from "../../store/principals/principal.ts";
import { may } from "../../store/principals/rights.ts";
import { looksLikeJwt } from "./jwt.ts";
import type { AccessRules } from "./rules.ts";
import { absent, type Caller, headersOf, refused, type Verdict } from "./verdict.ts";

/** Whoever has a token or a key pair. */
export interface TokenHolder {
  id: string;
  name: string;
  role: string;
}

export interface Callers<Holder extends TokenHolder = TokenHolder> {
  /** Null if no token has this text, or it has expired or was revoked. @param now milliseconds since the epoch */
  ofToken(token: string, now: number): Holder | null;
  /** Whose key pair for AWS's signatures this is, and the secret; null if there is none, or it has expired or was revoked. @param now milliseconds since the epoch */
  ofAccessKey(id: string, now: number): { principal: Holder; secret: string; used(now: number): void } | null;
  /** Whether a holder that was found may call functions of the app. Ids. */
  mayCall(holder: Holder, tenant: string, app: string): boolean;
}

export function checkToken(callers: Callers, rules: AccessRules, bearer: string | undefined, now: number): Verdict {
  if (bearer === undefined || looksLikeJwt(bearer)) return absent;
  const names = { app: rules.appName, function: rules.function };
  const holder = callers.ofToken(bearer, now);
  if (holder === null)
    return refused(new MayflyError("credentials-refused", { ...names, what: "the token in the Authorization header is not a valid one" }));
  if (!callers.mayCall(holder, rules.tenant, rules.app))
    return refused(new MayflyError("caller-not-allowed", { ...names, what: "its token has no right to call functions of this app" }));
  return { is: "caller", caller: callerOf(holder) };
}

const known = new WeakMap<TokenHolder, Caller>();

function callerOf(holder: TokenHolder): Caller {
  const before = known.get(holder);
  if (before !== undefined) return before;
  const { id, name, role } = holder;
  const caller: Caller = { way: "token", key: `token ${id}`, headers: headersOf("token", name, { sub: id, name, role }) };
  known.set(holder, caller);
  return caller;
}

/** The principals that have tokens and key pairs, and what they may do. */
export function callersOf(principals: Pick<Principals, "ofToken" | "ofAccessKey">): Callers<Principal> {
  return {
    ofToken: (token, now) => principals.ofToken(token, now),
    ofAccessKey: (id, now) => principals.ofAccessKey(id, now),
    mayCall: (holder, tenant, app) => may(holder, "invoke", { tenant, app }),
  };
}
