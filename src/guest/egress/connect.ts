/** Socket.prototype.connect: what tls, http, http2 and fetch stand on as well. */
import { AsyncLocalStorage } from "node:async_hooks";
import net, { type Socket } from "node:net";
import type { Connection } from "../connection.ts";
import { noNetwork } from "./failure.ts";
import { isHost, onTheWire } from "./host-name.ts";
import { isLocal } from "./local.ts";
import type { Permission } from "./network.ts";
import { Tunnel } from "./tunnel.ts";

interface Destination {
  host?: unknown;
  port?: unknown;
  path?: string | null;
}
type Connect = (this: Socket, ...parameters: unknown[]) => Socket;
type Normalise = (parameters: unknown[]) => [Destination, (() => void) | null];

const prototype = net.Socket.prototype as unknown as { connect: Connect };
const { connect: connectNatively } = prototype;
const { _normalizeArgs: normalise } = net as unknown as { _normalizeArgs: Normalise };

export function captureConnect(connection: Connection, permission: Permission): void {
  prototype.connect = function (...parameters) {
    // net.connect passes on what it has normalised already.
    const [destination, listener] = Array.isArray(parameters[0]) ? (parameters[0] as ReturnType<Normalise>) : normalise(parameters);
    const { host, port, path } = destination;
    // As Node has it: a path that is empty or null (http's agent) is none. Of what is no host or port, Node says what is wrong.
    if (path || !isPort(port) || !isHost(host) || isLocal(host)) return connectNatively.apply(this, parameters);
    if (listener !== null) this.once("connect", listener);
    (this as { connecting: boolean }).connecting = true;
    if (permission.egress) lead(this, connection, host, Number(port));
    else process.nextTick(() => this.destroy(noNetwork("connect", host)));
    return this;
  };
}

/** By Node's own rule: a whole number, or text that is one. */
function isPort(port: unknown): port is number | string {
  if (typeof port === "string" ? port.trim() === "" : typeof port !== "number") return false;
  return Number(port) === Number(port) >>> 0 && Number(port) <= 65_535;
}

/** Connects the socket to a listener of ours, and that to the destination by way of the host. */
function lead(socket: Socket, connection: Connection, host: string, port: number): void {
  // The wire speaks outside of any invocation: what the socket does from now on belongs to the caller's.
  const inContext = AsyncLocalStorage.snapshot();
  const name = nameOf(socket, host);
  if (name === undefined) return;
  const tunnel = new Tunnel(
    connection,
    { host, name, port },
    {
      ready(localPort, { address, family }) {
        if (socket.destroyed) return;
        Object.defineProperty(socket, "remoteAddress", { value: address, configurable: true });
        Object.defineProperty(socket, "remotePort", { value: port, configurable: true });
        Object.defineProperty(socket, "remoteFamily", { value: `IPv${family}`, configurable: true });
        inContext(() => connectNatively.call(socket, { host: "127.0.0.1", port: localPort }));
      },
      failed: (error) => inContext(() => void socket.destroy(error)),
    },
  );
  socket.once("close", () => tunnel.abandon());
  tunnel.open();
}

/** Undefined where the socket failed by it. */
function nameOf(socket: Socket, host: string): string | undefined {
  try {
    return onTheWire(host);
  } catch (error) {
    process.nextTick(() => socket.destroy(error as Error));
    return undefined;
  }
}
