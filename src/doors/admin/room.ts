/**
 * Limits how many connections the API may have, and answers requests on those beyond the limit.
 *
 * Owns the number of requests under way on each connection. A follower of logs counts as busy for as long as it follows.
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { Ranges } from "../../base/network/addresses.ts";
import { Crowd } from "../../clients/crowd.ts";
import { TurnedAway } from "../../clients/turned-away.ts";
import type { Clock } from "../../base/clock/clock.ts";
import { MayflyError } from "../../base/errors/error.ts";
import { guarded } from "../../base/errors/guarded.ts";

interface Requests {
  begun: number;
  underWay: number;
  admitted: boolean;
}

export class Room {
  readonly #clock: Clock;
  readonly #crowd: Crowd;
  readonly #turnedAway: TurnedAway;
  readonly #requests = new Map<string, Requests>();
  /** Those of sockets that were asked for: a name takes the system several calls. */
  readonly #known = new WeakMap<Socket, Requests>();

  /** @param most the most open connections; if one more comes, the one that is idle for longest is closed */
  constructor(most: number, clock: Clock) {
    this.#clock = clock;
    this.#crowd = new Crowd({ most, mostOfOne: most, exempt: new Ranges([]) });
    this.#turnedAway = new TurnedAway(most, clock);
  }

  watch(server: Server): void {
    server.on(
      "connection",
      guarded(
        (socket: Socket) => this.#connected(socket),
        (_error, socket) => socket.destroy(),
      ),
    );
    server.on(
      "request",
      guarded(
        (request: IncomingMessage, response: ServerResponse) => this.#begun(request, response),
        (_error, request) => request.socket.destroy(),
      ),
    );
  }

  /** Whether there is room for the request's connection. */
  admits({ socket }: IncomingMessage): boolean {
    return this.#of(socket)?.admitted !== false;
  }

  /** The answer to a request on a connection for which there is no room; undefined if there is room. */
  refusal(request: IncomingMessage): Promise<Response> | undefined {
    return this.#of(request.socket)?.admitted === false ? this.#refuse(request) : undefined;
  }

  #of(socket: Socket): Requests | undefined {
    const known = this.#known.get(socket);
    if (known !== undefined) return known;
    const found = this.#requests.get(nameOf(socket));
    if (found !== undefined) this.#known.set(socket, found);
    return found;
  }

  async #refuse(request: IncomingMessage): Promise<Response> {
    if (!request.complete) await new Promise<void>((resolve) => this.#turnedAway.whenRead(request, resolve));
    const error = new MayflyError("too-many-connections");
    return Response.json(error.body(), { status: error.entry.status, headers: { connection: "close", "retry-after": "1" } });
  }

  #connected(socket: Socket): void {
    const name = nameOf(socket);
    const count = { begun: 0, underWay: 0, admitted: true };
    this.#requests.set(name, count);
    const onClose = () => void (this.#requests.get(name) === count && this.#requests.delete(name));
    socket.once(
      "close",
      guarded(onClose, () => socket.destroy()),
    );
    const member = { socket, isBusy: () => count.underWay > 0, activity: () => count.begun };
    count.admitted = this.#crowd.admit(member, this.#clock.now());
    if (!count.admitted) this.#turnedAway.add(socket);
  }

  #begun({ socket }: IncomingMessage, response: ServerResponse): void {
    const count = this.#of(socket);
    if (count === undefined) return;
    count.begun += 1;
    count.underWay += 1;
    response.once("close", () => void (count.underWay -= 1));
  }
}

/** The name of a connection, which is the same for the TCP connection and for the TLS socket on it. */
function nameOf({ remoteAddress, remotePort, localAddress }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress}`;
}
