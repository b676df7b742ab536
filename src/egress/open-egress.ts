/**
 * Outbound connections for all machines of a server: all apps share one queue of look-ups, and the operator's list limits what each may
 * open.
 */
import { problemOf } from "../base/network/bound.ts";
import { createEgress } from "./create-egress.ts";
import type { Egress } from "./egress.ts";
import { createNames } from "./names.ts";

/** The manifest's `network`. */
type NetworkWish = "none" | "egress" | { egress: true; allow: string[] };

export interface EgressOfServer {
  /** For one machine of the app. Null if the app has no network. */
  of(app: string, network: NetworkWish): Egress | null;
  /** For one machine of an appliance: public addresses only. Its sockets are left unread, because the appliance's relay reads them. */
  ofAppliance(name: string): Egress;
  /**
   * Why entries of `network.allow` can have no effect here, one sentence each. A deploy refuses such entries; in apps deployed earlier they
   * have no effect.
   */
  problems(network: NetworkWish): string[];
}

export interface EgressSettings {
  /** `egress.allow` of the configuration. */
  bound: string[];
  /** The ports on which Mayfly itself listens. */
  ownPorts: () => Iterable<number>;
}

export function openEgress({ bound, ownPorts }: EgressSettings): EgressOfServer {
  const names = createNames();
  return {
    of: (app, network) => (network === "none" ? null : createEgress({ allow: allowOf(network), bound, ownPorts, app, names })),
    ofAppliance: (name) => createEgress({ allow: [], bound: [], ownPorts, app: name, names, unread: true }),
    problems: (network) => allowOf(network).flatMap((entry) => problemOf(entry, bound) ?? []),
  };
}

function allowOf(network: NetworkWish): string[] {
  return typeof network === "string" ? [] : network.allow;
}
