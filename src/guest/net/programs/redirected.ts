/**
 * Connects programs to the outside: for each connection that was led to the agent, the host is asked for one to exactly that address.
 *
 * 1. The kernel has told the program that it is connected before the agent sees it. A refusal is therefore a connection that is reset before any byte,
 *    and its reason is in the app's log.
 * 2. Nothing is read of a program before the host has connected.
 */
import { type Socket, createServer } from "node:net";
import { breakOff } from "../../../base/network/break-off.ts";
import { isInternalAddress } from "../../../base/network/internal.ts";
import type { Connection } from "../../agent/connection.ts";
import { NO_NETWORK } from "../failure.ts";
import type { Permission } from "../permission.ts";
import { Tunnel } from "../tunnel.ts";
import type { FoundNames } from "./found-names.ts";
import { type Destination, originalDestination } from "./original-destination.ts";
import type { Refusals } from "./refusals.ts";

interface RedirectedParts {
  connection: Connection;
  permission: Permission;
  names: FoundNames;
  refusals: Refusals;
}

export class Redirected {
  readonly #parts: RedirectedParts;

  constructor(parts: RedirectedParts) {
    this.#parts = parts;
  }

  /** @param fd a socket that listens */
  listen(fd: number): void {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => this.#take(socket));
    server.on("error", (error) => this.#parts.refusals.tell("connect to anything", error.message));
    server.listen({ fd });
    // Nothing waits for the next connection of a program.
    server.unref();
  }

  #take(socket: Socket): void {
    socket.on("error", () => {});
    const to = originalDestination(socket);
    if (to === undefined) breakOff(socket);
    else if (!this.#parts.permission.egress && !isInternalAddress(to.host)) this.#refuse(socket, to, undefined, NO_NETWORK);
    else this.#connectBehind(socket, to);
  }

  #connectBehind(socket: Socket, to: Destination): void {
    const { names } = this.#parts;
    const behind = names.behind(to.host);
    if (behind === undefined) this.#connect(socket, to, names.of(to.host));
    else this.#connect(socket, { host: behind.host, port: to.port }, [behind.name]);
  }

  /** Tries the next name if the host denies the address by this one. */
  #connect(socket: Socket, to: Destination, [name, ...others]: string[]): void {
    const tunnel: Tunnel = new Tunnel(this.#parts.connection, name === undefined ? to : { ...to, name }, {
      connected: () => {
        socket.off("close", abandon);
        tunnel.join(socket);
        socket.resume();
      },
      failed: (code, reason) => {
        socket.off("close", abandon);
        if (code === "EACCES" && others.length > 0 && !socket.destroyed) this.#connect(socket, to, others);
        else this.#refuse(socket, to, name, `${code}: ${reason}`);
      },
    });
    const abandon = () => tunnel.abandon();
    socket.once("close", abandon);
    tunnel.open();
  }

  #refuse(socket: Socket, { host, port }: Destination, name: string | undefined, reason: string): void {
    this.#parts.refusals.tell(`connect to ${name === undefined ? "" : `${name}, `}${host} port ${port}`, reason);
    breakOff(socket);
  }
}
