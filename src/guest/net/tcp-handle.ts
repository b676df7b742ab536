/**
 * Node's TCP handles as its own net.js sees them; there is no public way to get at them. If a new Node changes them, the tests of egress
 * fail.
 */
import net, { type Socket } from "node:net";
import { getSystemErrorName } from "node:util";

export interface ConnectRequest {
  oncomplete?: (status: number, handle: Handle, request: ConnectRequest, readable: boolean, writable: boolean) => void;
  localAddress?: string;
  localPort?: number;
}

export type ConnectHandle = (this: Handle, request: ConnectRequest, address: string, port: number) => number;

export interface Handle {
  /** Returns 0, or libuv's number of an error. */
  connect: ConnectHandle;
  connect6: ConnectHandle;
  close(callback?: () => void): void;
  getpeername(out: object): number;
  setTypeOfService(value: number): number;
}

type Create = (address: string, port: number, family: 4) => Handle | number;
/** A TLS handle has the TCP handle below it as its parent. */
type Reinitialise = (this: Socket, handle: Handle & { _parent?: Handle }) => void;

/**
 * A handle that is bound to a port of the machine's own loopback, to any that is free if it is 0.
 * @throws Error with a code if the port is taken, or none is left
 */
export function inwardHandle(port = 0): Handle {
  const handle = (net as unknown as { _createServerHandle: Create })._createServerHandle("127.0.0.1", port, 4);
  if (typeof handle !== "number") return handle;
  const code = getSystemErrorName(handle);
  throw Object.assign(new Error(`bind ${code} 127.0.0.1`), { code });
}

export function handlePrototype(): Handle {
  const handle = inwardHandle();
  const prototype = Object.getPrototypeOf(handle) as Handle;
  ownerSymbol ??= symbolOf(handle, "owner_symbol");
  handle.close();
  return prototype;
}

let ownerSymbol: symbol | undefined;

/** Null if no socket of Node's uses the handle. */
export function ownerOf(handle: Handle): Socket | null {
  return (handle as unknown as Record<symbol, Socket | null | undefined>)[ownerSymbol!] ?? null;
}

/** When Node tries a second address with TLS, it sets the owner of the new TLS handle, but not that of the TCP handle below; this sets both. */
export function keepOwners(): void {
  const prototype = net.Socket.prototype as unknown as Record<symbol, Reinitialise>;
  const key = symbolOf(prototype, "kReinitializeHandle");
  const native = prototype[key]!;
  prototype[key] = function (handle) {
    native.call(this, handle);
    if (handle._parent !== undefined) (handle._parent as unknown as Record<symbol, Socket>)[ownerSymbol!] = this;
  };
}

function symbolOf(object: object, description: string): symbol {
  const found = Object.getOwnPropertySymbols(object).find((symbol) => symbol.description === description);
  if (found === undefined) throw new Error(`this Node has no ${description}`);
  return found;
}
