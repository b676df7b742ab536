/**
 * The WebSockets that are open at the gateway: how many there may be, and how long each may last and be silent.
 *
 * Owns: the counts of those that are open, or wait for the function to agree: of all, and of each app, tenant and client.
 */
import type { Duplex } from "node:stream";
import { guardedOf } from "../../../base/errors/guarded.ts";
import { MayflyError } from "../../../base/errors/error.ts";
import { clientKey } from "../../../base/network/addresses.ts";
import type { InvocationRequest } from "../../../dispatch/invocation.ts";
import type { Route } from "../place.ts";
import { UpgradeReply, type UpgradeParts } from "./upgrade.ts";

export interface WebSocketLimits {
  /** How long both sides may be silent, in milliseconds; apps may ask for less. */
  idleMs: number;
  /** How long a connection may last, in milliseconds; apps may ask for less. */
  maxMs: number;
  /** The maximum of open connections, of all apps, of one, and of one client's address. */
  most: number;
  mostOfApp: number;
  mostOfClient: number;
}

/** A tenant may have this many for each that is still free, so that there is always one for another tenant. */
const FOR_EACH_FREE = 3;

export class WebSockets {
  readonly #limits: WebSocketLimits;
  /** Keyed by ids. */
  readonly #ofApp = new Tally();
  readonly #ofTenant = new Tally();
  /** Keyed by clientKey(). */
  readonly #ofClient = new Tally();
  #all = 0;

  constructor(limits: Partial<WebSocketLimits> = {}) {
    const most = { most: Infinity, mostOfApp: Infinity, mostOfClient: Infinity };
    this.#limits = { idleMs: Infinity, maxMs: Infinity, ...most, ...limits };
  }

  /** Why the client gets none now; undefined: it may get one. @param client its address */
  refusalOf({ app, appName, tenant }: Route, client: string): MayflyError | undefined {
    const { most, mostOfApp, mostOfClient } = this.#limits;
    const free = most - this.#all;
    if (free <= 0) return new MayflyError("too-many-connections");
    if (this.#ofApp.count(app) >= mostOfApp) return tooMany(`App ${appName}`, mostOfApp);
    if (this.#ofClient.count(clientKey(client)) >= mostOfClient) return tooMany("This client", mostOfClient);
    const ofTenant = this.#ofTenant.count(tenant);
    return ofTenant >= FOR_EACH_FREE * free ? tooMany(`The tenant of app ${appName}`, ofTenant) : undefined;
  }

  /** @param client its address */
  start(parts: Omit<UpgradeParts, "idleMs">, invocation: InvocationRequest, route: Route, client: string): void {
    const { input } = invocation;
    if (input.kind !== "http") return;
    const { webSockets } = route;
    const idleMs = Math.min(webSockets?.idleMs ?? Infinity, this.#limits.idleMs);
    const connectionMs = Math.min(webSockets?.maxMs ?? Infinity, this.#limits.maxMs);
    this.#count(route, client, 1);
    // The connection's end, which follows whatever becomes of the call.
    const socket = parts.upgrading.socket as Counted;
    socket[counted] = () => this.#count(route, client, -1);
    socket.on("close", onClose);
    const { method, url, headers } = input;
    const upgrade = { kind: "upgrade" as const, protocol: "websocket" as const, method, url, headers };
    parts.call.start({ ...invocation, input: upgrade, connectionMs }, new UpgradeReply({ ...parts, idleMs }));
  }

  #count({ app, tenant }: Route, client: string, change: 1 | -1): void {
    this.#all += change;
    this.#ofApp.add(app, change);
    this.#ofTenant.add(tenant, change);
    this.#ofClient.add(clientKey(client), change);
  }
}

const counted = Symbol("counted");
type Counted = Duplex & { [counted]?: () => void };
const onClose = guardedOf<Counted, []>(
  (socket) => socket[counted]?.(),
  () => undefined,
);

function tooMany(whose: string, limit: number): MayflyError {
  return new MayflyError("too-many-websockets", { whose, limit });
}

class Tally {
  readonly #counts = new Map<string, number>();

  count(key: string): number {
    return this.#counts.get(key) ?? 0;
  }

  add(key: string, change: 1 | -1): void {
    const count = this.count(key) + change;
    if (count === 0) this.#counts.delete(key);
    else this.#counts.set(key, count);
  }
}
