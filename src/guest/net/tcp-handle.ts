/** Node's TCP handles, as its own net.js sees them: nothing public leads to them. A test of each way out finds it if a Node changes them. */
import net, { type Socket } from "node:net";
import { getSystemErrorName } from "node:util";

export interface ConnectRequest {
  oncomplete?: (status: number, handle: Handle, request: ConnectRequest, readable: boolean, writable: boolean) => void;
  localAddress?: string;
  localPort?: number;
}

export type ConnectHandle = (this: Handle, request: ConnectRequest, address: string, port: number) => number;

export interface Handle {
  /** 0, or libuv's number of an error. */
  connect: ConnectHandle;
  connect6: ConnectHandle;
  close(callback?: () => void): void;
  getpeername(out: object): number;
  setTypeOfService(value: number): number;
}

type Create = (address: string, port: number, family: 4) => Handle | number;
/** A TLS handle has the one that it stands on. */
type Reinitialise = (this: Socket, handle: Handle & { _parent?: Handle }) => void;

/**
 * Bound to a port of the machine's own loopback.
 * @throws Error with a code where there is none left
 */
export function inwardHandle(): Handle {
  const handle = (net as unknown as { _createServerHandle: Create })._createServerHandle("127.0.0.1", 0, 4);
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

/** Null where nobody of Node's uses the handle. */
export function ownerOf(handle: Handle): Socket | null {
  return (handle as unknown as Record<symbol, Socket | null | undefined>)[ownerSymbol!] ?? null;
}

/** Where Node tries a second address with TLS, it tells the new TLS handle of its socket, but not the TCP handle below. */
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
