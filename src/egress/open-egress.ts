/** The way out of a whole server's machines: the names of all apps share one queue, and the operator's list bounds what each may open. */
import { problemOf } from "./bound.ts";
import { createEgress } from "./create-egress.ts";
import type { Egress } from "./egress.ts";
import { createNames } from "./names.ts";

/** As a manifest has it. */
type NetworkWish = "none" | "egress" | { egress: true; allow: string[] };

export interface EgressOfServer {
  /** For one machine of the app. Null where it has no network. */
  of(app: string, network: NetworkWish): Egress | null;
  /** For one machine of an appliance: public addresses only, its sockets unread, for its relay. */
  ofAppliance(name: string): Egress;
  /** Why entries of `network.allow` can have no effect here, one sentence each: at deploy they are refused, later they are inert. */
  problems(network: NetworkWish): string[];
}

export interface EgressSettings {
  /** `egress.allow` of the configuration. */
  bound: string[];
  /** Those that Mayfly itself listens on. */
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
