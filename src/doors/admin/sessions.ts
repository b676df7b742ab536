/**
 * Sessions of browsers: who has logged in with a token or a key pair goes on with a cookie, which scripts of a page cannot read, and a second secret, which is never in
 * a cookie.
 *
 * Owns: the sessions, in memory: a restart of the server ends all of them.
 * 1. A request needs both secrets. Cookies do not tell ports apart, so that whatever else answers under the same host name, such as functions at the gateway, is sent
 *    the cookie, and could send requests with it; the second secret is known to pages of this port alone.
 * 2. Whatever else answers under the same host name can also set cookies of the same name for longer paths, which browsers send first. So a session is found by its
 *    second secret, and one of the request's cookies has to fit: further ones end no session.
 * 3. A session may what its credential may, at each request: if that is revoked or has expired, so has the session. It ends after SESSION_MS anyway.
 * 4. A tenant has at most MOST_OF_HOLDER sessions: one more ends the oldest of the principal that has most, so that nobody logs others out by logging in.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { Clock } from "../../base/clock/clock.ts";
import type { Principal, Principals } from "../../store/principals/principal.ts";
import { holderOf } from "./scope.ts";

export const SESSION_MS = 12 * 3_600_000;
const MOST_OF_HOLDER = 500;

/** The header with the second secret. */
export const CSRF_HEADER = "mayfly-csrf";

export type Login = { token: string } | { accessKeyId: string; secretAccessKey: string };

interface Session {
  cookie: Buffer;
  holder: string;
  /** The id of the principal who has logged in. */
  of: string;
  endsAt: number;
  /** Whose the credential is now; null: it is refused. */
  principal: (now: number) => Principal | null;
}

export class Sessions {
  readonly #principals: Pick<Principals, "ofToken" | "ofAccessKey">;
  readonly #clock: Pick<Clock, "wall">;
  /** By the digest of the second secret; the oldest first. */
  readonly #sessions = new Map<string, Session>();

  constructor(principals: Pick<Principals, "ofToken" | "ofAccessKey">, clock: Pick<Clock, "wall">) {
    this.#principals = principals;
    this.#clock = clock;
  }

  /** Undefined if the credential is nobody's. */
  open(login: Login): { principal: Principal; cookie: string; csrf: string; endsAt: number } | undefined {
    const now = this.#clock.wall();
    const find = this.#finder(login);
    const principal = find(now);
    if (principal === null) return undefined;
    this.#makeRoom(principal, now);
    const [cookie, csrf] = [randomBytes(32).toString("base64url"), randomBytes(32).toString("base64url")];
    const endsAt = now + SESSION_MS;
    this.#sessions.set(keyOf(csrf), { cookie: digest(cookie), holder: holderOf(principal), of: principal.id, endsAt, principal: find });
    return { principal, cookie, csrf, endsAt };
  }

  /** Whose session it is; null if there is none of these secrets, or it has ended. @param cookies all that the request has of this name */
  principalOf(cookies: readonly string[], csrf: string): Principal | null {
    const now = this.#clock.wall();
    const session = this.#sessions.get(keyOf(csrf));
    if (session === undefined || !cookies.some((cookie) => timingSafeEqual(session.cookie, digest(cookie)))) return null;
    return session.endsAt > now ? session.principal(now) : null;
  }

  /** Only for a request whose session was found: the second secret is taken for enough. */
  close(csrf: string): void {
    this.#sessions.delete(keyOf(csrf));
  }

  #finder(login: Login): Session["principal"] {
    if ("token" in login) return (now) => this.#principals.ofToken(login.token, now);
    const { accessKeyId, secretAccessKey } = login;
    return (now) => {
      const key = this.#principals.ofAccessKey(accessKeyId, now);
      if (key === null || !timingSafeEqual(digest(key.secret), digest(secretAccessKey))) return null;
      key.used(now);
      return key.principal;
    };
  }

  #makeRoom(principal: Principal, now: number): void {
    for (const [key, { endsAt }] of this.#sessions) if (endsAt <= now) this.#sessions.delete(key);
    const holder = holderOf(principal);
    const own = [...this.#sessions].filter(([, session]) => session.holder === holder);
    if (own.length < MOST_OF_HOLDER) return;
    // Who logs in has one more already.
    const countOf = (some: typeof own) => some.length + (some[0]![1].of === principal.id ? 1 : 0);
    const byPrincipal = [...Map.groupBy(own, ([, { of }]) => of).values()];
    const most = byPrincipal.reduce((one, other) => (countOf(other) > countOf(one) ? other : one));
    this.#sessions.delete(most[0]![0]);
  }
}

/** Sessions are found by a digest, so that the time of a look-up says nothing about the secrets that there are. */
function keyOf(csrf: string): string {
  return digest(csrf).toString("base64");
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
