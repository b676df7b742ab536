/** The WebSockets that are open at the gateway: how many there may be, and how long each may last and be silent. */
import { guarded } from "../../../base/errors/guarded.ts";
import { MayflyError } from "../../../base/errors/error.ts";
import type { InvocationRequest } from "../../../dispatch/invocation.ts";
import type { Route } from "../place.ts";
import { UpgradeReply, type UpgradeParts } from "./upgrade.ts";

export interface WebSocketLimits {
  /** How long both sides may be silent, in milliseconds; apps may ask for less. */
  idleMs: number;
  /** How long a connection may last, in milliseconds; apps may ask for less. */
  maxMs: number;
  /** The maximum of open connections, of all apps and of one. Connections that wait for the function to agree count as well. */
  most: number;
  mostOfApp: number;
}

export class WebSockets {
  readonly #limits: WebSocketLimits;
  /** Keyed by the app's id. */
  readonly #open = new Map<string, number>();
  #all = 0;

  constructor(limits: Partial<WebSocketLimits> = {}) {
    this.#limits = { idleMs: Infinity, maxMs: Infinity, most: Infinity, mostOfApp: Infinity, ...limits };
  }

  refusalOf({ app, appName }: Route): MayflyError | undefined {
    const { most, mostOfApp } = this.#limits;
    if (this.#all >= most) return new MayflyError("too-many-connections");
    if ((this.#open.get(app) ?? 0) < mostOfApp) return undefined;
    return new MayflyError("too-many-websockets", { app: appName, limit: mostOfApp });
  }

  start(parts: Omit<UpgradeParts, "idleMs">, invocation: InvocationRequest, { app, webSockets }: Route): void {
    const { input } = invocation;
    if (input.kind !== "http") return;
    const idleMs = Math.min(webSockets?.idleMs ?? Infinity, this.#limits.idleMs);
    const connectionMs = Math.min(webSockets?.maxMs ?? Infinity, this.#limits.maxMs);
    this.#count(app, 1);
    // The connection's end, which follows whatever becomes of the call.
    const { socket } = parts.upgrading;
    const onClose = () => this.#count(app, -1);
    socket.once(
      "close",
      guarded(onClose, () => undefined),
    );
    const { method, url, headers } = input;
    const upgrade = { kind: "upgrade" as const, protocol: "websocket" as const, method, url, headers };
    parts.call.start({ ...invocation, input: upgrade, connectionMs }, new UpgradeReply({ ...parts, idleMs }));
  }

  #count(app: string, change: 1 | -1): void {
    const open = (this.#open.get(app) ?? 0) + change;
    this.#all += change;
    if (open === 0) this.#open.delete(app);
    else this.#open.set(app, open);
  }
}
