/** Opens what decides who may call the functions that are not for everybody. */
import type { ServerStart } from "../../base/config/server-start.ts";
import type { WrongCredentials } from "../../clients/wrong-credentials.ts";
import { signatureCheck } from "../signature/check-signature.ts";
import type { HostConnections } from "../../egress/host-request.ts";
import { createFetchKeys } from "./fetch-keys.ts";
import { Gate } from "./gate.ts";
import { JwtChecks } from "./jwt.ts";
import { KeySets } from "./key-sets.ts";
import { RateLimits } from "./rate-limits.ts";
import type { FindSigningKey } from "./signed-url.ts";
import type { Callers } from "./token.ts";

const SWEEP_MS = 60_000;

interface GateNeeds {
  callers: Callers;
  signingKey: FindSigningKey;
  wrong: WrongCredentials;
  /** What one fetch of an app's keys connects with. `isPlain`: without TLS. */
  connections: (app: string, isPlain: boolean) => HostConnections;
  /** Writes to the server's log and to the app's. */
  tell: (app: string, text: string) => void;
}

export function openGate({ clock, closing, log }: ServerStart, { callers, signingKey, wrong, connections, tell }: GateNeeds): Gate {
  const rates = new RateLimits();
  closing.defer(clock.every(SWEEP_MS, () => rates.sweep(clock.now())));
  const keySets = new KeySets({
    fetchKeys: createFetchKeys(connections),
    clock,
    onFailure: (app, url, reason) => tell(app, `The keys of JWTs cannot be fetched from ${url}: ${reason}.`),
  });
  return new Gate({
    callers,
    // Clients sign calls of functions for the service that these are of at AWS: functions' URLs, or routes of API Gateway.
    signatures: signatureCheck({ keys: callers, service: ["lambda", "execute-api"], clock }),
    signingKey,
    jwts: new JwtChecks(keySets, clock),
    rates,
    wrong,
    clock,
    onFailure: (error) => log.error({ err: error }, "who calls could not be checked"),
  });
}
