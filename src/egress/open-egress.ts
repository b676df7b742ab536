/**
 * Outbound connections for all machines of a server: all apps share one queue of look-ups and one number of connections, and the operator's list limits what
 * each may open.
 */
import type { Clock } from "../base/clock/clock.ts";
import { problemOf, problemOfServer } from "../base/network/bound.ts";
import { createEgress } from "./create-egress.ts";
import type { Egress, SocketEgress } from "./egress.ts";
import { Contexts } from "./inject/contexts.ts";
import { withInjections } from "./inject/injecting-egress.ts";
import type { CertificateSource, Injection } from "./inject/injection.ts";
import { Places } from "./inject/places.ts";
import { createNames } from "./names.ts";
import { type Reached, ReachedLog } from "./reached-log.ts";
import { Shares } from "./shares.ts";

/** The manifest's `network`. */
type NetworkWish = "none" | "egress" | { egress: true; allow: string[] };

export interface EgressOfServer {
  /** For one machine of the app. Null if the app has no network. */
  of(app: string, network: NetworkWish, injecting: Injecting): Egress | null;
  /** For the mounts of one machine of the app: these servers and nothing else, as entries "host:port". */
  ofMounts(app: string, servers: string[]): Egress;
  /** Why the operator does not allow these servers to apps' mounts, one sentence each. */
  problemsOfServers(servers: string[]): string[];
  /**
   * For one fetch of a URL that the app's manifest names and the host itself reads: public addresses, and what the operator lists. `isPlain`: only
   * what the operator lists, because the connection is without TLS.
   */
  ofHost(app: string, isPlain: boolean): SocketEgress;
  /** For one machine of an appliance: public addresses only. Its sockets are left unread, because the appliance's relay reads them. */
  ofAppliance(name: string): SocketEgress;
  /**
   * Why entries of `network.allow` can have no effect here, one sentence each. A deploy refuses such entries; in apps deployed earlier they
   * have no effect.
   */
  problems(network: NetworkWish): string[];
}

interface Injecting {
  /** The secrets that the host adds to the machine's requests. */
  injections: Injection[];
  /** Gets sentences for the app's log. */
  tell: (text: string) => void;
}

export interface EgressSettings {
  /** `egress.allow` of the configuration. */
  bound: string[];
  /** The ports on which Mayfly itself listens. */
  ownPorts: () => Iterable<number>;
  certificates: CertificateSource;
  /** How many connections all apps and appliances together may have open. */
  connections: number;
  clock: Clock;
  /** Told what apps and appliances connect to, some of it (reached-log.ts). Default: nobody is. */
  reached?: ((reached: Reached) => void) | undefined;
}

export function openEgress({ bound, ownPorts, certificates, connections, clock, reached }: EgressSettings): EgressOfServer {
  const log = reached && new ReachedLog(reached, clock);
  const all = { names: createNames(), shares: new Shares(connections) };
  const sharedBy = (app: string) => ({
    app,
    ...all,
    ...(log && { opened: (to: string, address: string) => log.connected(app, to, address) }),
  });
  const ending = { contexts: new Contexts(certificates), places: new Places(clock) };
  return {
    of(app, network, { injections, tell }) {
      if (network === "none") return null;
      const egress = createEgress({ allow: allowOf(network), bound, ownPorts, ...sharedBy(app) });
      return injections.length === 0 ? egress : withInjections(egress, injections, { ...ending, app, tell });
    },
    ofMounts: (app, servers) =>
      createEgress({
        allow: servers.filter((text) => problemOfServer(text, bound) === undefined),
        bound,
        ownPorts,
        ...sharedBy(app),
        only: true,
      }),
    problemsOfServers: (servers) => servers.flatMap((text) => problemOfServer(text, bound) ?? []),
    ofHost: (app, isPlain) => createEgress({ allow: bound, bound, ownPorts, ...sharedBy(app), only: isPlain }),
    ofAppliance: (name) => createEgress({ allow: [], bound: [], ownPorts, ...sharedBy(name), unread: true }),
    problems: (network) => allowOf(network).flatMap((entry) => problemOf(entry, bound) ?? []),
  };
}

function allowOf(network: NetworkWish): string[] {
  return typeof network === "string" ? [] : network.allow;
}
