/** A gate whose tokens, signing keys, sets of public keys and time are as the test says. */
import { randomBytes } from "node:crypto";
import { WrongCredentials } from "../../../clients/wrong-credentials.ts";
import { signatureCheck } from "../../signature/check-signature.ts";
import { Gate } from "../gate.ts";
import { JwtChecks } from "../jwt.ts";
import { type FetchKeys, KeySets } from "../key-sets.ts";
import { RateLimits } from "../rate-limits.ts";
import type { Callers, TokenHolder } from "../token.ts";

export interface TestGate {
  gate: Gate;
  clock: { now: () => number; wall: () => number; ms: number };
  /** The holders of tokens, by the token's text. */
  tokens: Map<string, TokenHolder & { apps?: string[] }>;
  /** The holders of key pairs, by the keys' ids. */
  keys: Map<string, { principal: TokenHolder & { apps?: string[] }; secret: string }>;
  /** The ids of keys whose signatures were right, in their order. */
  used: string[];
  signingKey: Buffer;
  /** The failures that were told to apps. */
  failures: string[];
}

/** @param fetchKeys gives the sets of public keys; by default there are none */
export function createTestGate(fetchKeys: FetchKeys = () => Promise.reject(new Error("there are no keys"))): TestGate {
  const clock = { ms: 0, now: () => clock.ms, wall: () => 1_700_000_000_000 + clock.ms };
  const tokens: TestGate["tokens"] = new Map();
  const keys: TestGate["keys"] = new Map();
  const signingKey = randomBytes(32);
  const failures: string[] = [];
  const used: string[] = [];
  const keySets = new KeySets({ fetchKeys, clock, onFailure: (app, url, reason) => failures.push(`${app} ${url}: ${reason}`) });
  const callers: Callers = {
    ofToken: (token) => tokens.get(token) ?? null,
    ofAccessKey(id) {
      const key = keys.get(id);
      return key === undefined ? null : { ...key, used: () => used.push(id) };
    },
    mayCall: (holder: TokenHolder & { apps?: string[] }, _tenant, app) => holder.apps?.includes(app) ?? true,
  };
  const gate = new Gate({
    callers,
    signatures: signatureCheck({ keys: callers, service: ["lambda", "execute-api"], clock }),
    signingKey(app) {
      if (app === "app_broken") throw new Error("/var/lib/mayfly/secrets.key cannot be read");
      // What holds one sees no change of the test's.
      return Buffer.from(signingKey);
    },
    jwts: new JwtChecks(keySets, clock),
    rates: new RateLimits(),
    wrong: new WrongCredentials(clock),
    clock,
    onFailure: (error) => failures.push(String(error)),
  });
  return { gate, clock, tokens, keys, used, signingKey, failures };
}
