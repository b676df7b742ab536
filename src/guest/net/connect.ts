/**
 * Replaces the connecting of TCP handles, on which net, tls, http, http2 and fetch are built, so that connections beyond the machine lead
 * over the wire. Everything before that is Node's own code, with its options and events: look-ups (also a function's own), trying families
 * in turn, block lists, signals.
 *
 * 1. The host is asked for exactly the address that Node chose. The name that it was found by is sent along, because the host may allow it
 *    by name only.
 * 2. A handle reports its connection once, unless it was closed before.
 * 3. What cannot be chosen inside a machine is refused with a reason.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import net, { type Socket, isIP } from "node:net";
import type { ConnectMessage } from "../../wire/protocol.ts";
import type { Connection } from "../agent/connection.ts";
import { isInternalAddress } from "../../base/network/internal.ts";
import { NO_NETWORK } from "./failure.ts";
import { errnoOf, wireName } from "./host-name.ts";
import { type NamesOfHost, isLocal } from "./local.ts";
import { type ConnectHandle, type ConnectRequest, type Handle, ownerOf, handlePrototype, keepOwners } from "./tcp-handle.ts";
import { meetOnce } from "./meeting.ts";
import { Tunnel } from "./tunnel.ts";
import type { Permission } from "./permission.ts";

/**
 * Milliseconds that Node waits for an address before it also tries the name's next one. An emulated machine on a busy host needs more than
 * Node's half second.
 */
const ATTEMPT_MS = 2_500;

export function captureConnect(connection: Connection, permission: Permission, namesOfHost: NamesOfHost): void {
  const prototype = handlePrototype();
  const native = { connect: prototype.connect, connect6: prototype.connect6 };
  keepOwners();
  net.setDefaultAutoSelectFamilyAttemptTimeout(ATTEMPT_MS);
  for (const way of ["connect", "connect6"] as const)
    prototype[way] = function (request, address, port) {
      const to = destination(address, port, ownerOf(this));
      if (isLocal(address) && !namesOfHost.has(to.name)) return native[way].call(this, request, address, port);
      new Attempt(this, request, way === "connect" ? "127.0.0.1" : "::ffff:127.0.0.1", native[way]).begin(connection, permission, to);
      return 0;
    };
}

class Attempt {
  readonly #handle: Handle;
  readonly #request: ConnectRequest;
  /** The machine's own address in the handle's family, to which a socket may be bound. */
  readonly #inside: string;
  readonly #connectNatively: ConnectHandle;
  /** The context of the caller. Frames arrive outside of any invocation, but the socket's callbacks belong to the caller. */
  readonly #inContext = AsyncLocalStorage.snapshot();
  #over = false;

  constructor(handle: Handle, request: ConnectRequest, inside: string, connectNatively: ConnectHandle) {
    this.#handle = handle;
    this.#request = request;
    this.#inside = inside;
    this.#connectNatively = connectNatively;
  }

  begin(connection: Connection, permission: Permission, to: ConnectMessage): void {
    if (!permission.egress && !isInternalAddress(to.host)) return this.#failSoon("EACCES", NO_NETWORK);
    if (bindsLocally(this.#request))
      return this.#failSoon("EADDRNOTAVAIL", "the host makes the connection: localAddress and localPort cannot be chosen in a machine");
    const tunnel = new Tunnel(connection, to, {
      connected: () => {
        tunnel.onFinish = meetOnce({
          ready: (localPort) => this.#join(localPort, to),
          met: (local) => tunnel.join(local),
          failed: (code, reason) => {
            tunnel.abandon();
            this.#fail(code, reason);
          },
        });
      },
      failed: (code, reason) => this.#fail(code, reason),
    });
    this.#whenClosed(() => tunnel.abandon());
    tunnel.open();
  }

  #join(localPort: number, to: ConnectMessage): void {
    if (this.#over) return;
    this.#over = true;
    Object.assign(this.#handle, tellingOf(to));
    this.#inContext(() => {
      const errno = this.#connectNatively.call(this.#handle, this.#request, this.#inside, localPort);
      if (errno !== 0) this.#complete(errno);
    });
  }

  #failSoon(code: string, reason: string): void {
    this.#whenClosed(() => {});
    process.nextTick(() => this.#fail(code, reason));
  }

  #fail(code: string, reason: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#inContext(() => explained(ownerOf(this.#handle), reason, () => this.#complete(errnoOf(code) ?? errnoOf("EHOSTUNREACH")!)));
  }

  /** Cancels an attempt whose handle is closed, as libuv does. */
  #whenClosed(abandon: () => void): void {
    const handle = this.#handle;
    handle.close = (callback) => {
      Reflect.deleteProperty(handle, "close");
      abandon();
      if (!this.#over) process.nextTick(() => this.#inContext(() => this.#complete(errnoOf("ECANCELED")!)));
      this.#over = true;
      handle.close(callback);
    };
  }

  /** Node removes the request's callback when it no longer waits. */
  #complete(errno: number): void {
    this.#request.oncomplete?.(errno, this.#handle, this.#request, false, false);
  }
}

/** The Connect message, with the name that led to the address if Node or a function looked one up. */
function destination(address: string, port: number, owner: Socket | null): ConnectMessage {
  const name = (owner as { _host?: unknown } | null)?._host;
  return { host: address, port, ...(typeof name === "string" && isIP(name) === 0 ? wireName(name) : {}) };
}

function bindsLocally({ localAddress, localPort }: ConnectRequest): boolean {
  return Boolean(localPort) || (Boolean(localAddress) && localAddress !== "0.0.0.0" && localAddress !== "::");
}

/** What a connected handle reports about the other end. An option that would reach only the connection inside the machine is refused. */
function tellingOf({ host, port }: ConnectMessage): Partial<Handle> {
  return {
    getpeername: (out) => (Object.assign(out, { address: host, family: `IPv${isIP(host)}`, port }), 0),
    setTypeOfService: () => errnoOf("ENOTSUP")!,
  };
}

/** Adds the reason to the error that Node makes of a failure, before anybody else sees it. */
function explained(socket: Socket | null, reason: string, complete: () => void): void {
  const explain = (_address: string, _port: number, _family: number, error: Error) => {
    const { message } = error;
    error.message = `${message}: ${reason}`;
    if (error.stack !== undefined) error.stack = error.stack.replace(message, () => error.message);
  };
  socket?.prependListener("connectionAttemptFailed", explain);
  try {
    complete();
  } finally {
    socket?.removeListener("connectionAttemptFailed", explain);
  }
}
