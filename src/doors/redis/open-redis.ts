/**
 * Redis' protocol for key-value stores, at a port of its own and for machines.
 *
 * 1. A client has a place among the connections: until it has said who it is that of its address, then one of its tenant. No address and no tenant has all of them.
 * 2. Nothing that a client sends ends anything but its own connection.
 */
import { createServer, type Server, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { createServer as createTlsServer, type TLSSocket } from "node:tls";
import type { ServerStart } from "../../base/config/server-start.ts";
import { guarded } from "../../base/errors/guarded.ts";
import { parseAddress, urlOf } from "../../base/listen/address.ts";
import type { Certificate } from "../../base/listen/certificate.ts";
import { listenOn, renewCertificate } from "../../base/listen/listen.ts";
import { clientKey, plainAddress } from "../../base/network/addresses.ts";
import { descriptorBudget, descriptorLimit } from "../../clients/descriptors.ts";
import { Shares } from "../../clients/shares.ts";
import type { WrongCredentials } from "../../clients/wrong-credentials.ts";
import type { RedisCommands } from "../../services/kv/redis/commands.ts";
import type { Catalog } from "../../store/catalog/catalog.ts";
import type { Principals } from "../../store/principals/principal.ts";
import { Connection, type ConnectionParts } from "./connection.ts";
import { type Identity, identify, type Refused } from "./identify.ts";
import { Waiters } from "./waiters.ts";

export interface RedisNeeds {
  commands: RedisCommands;
  principals: Pick<Principals, "ofToken" | "ofAccessKey">;
  wrong: WrongCredentials;
  catalog: Pick<Catalog, "names">;
  /** Connections from outside. Default: what the descriptors of this process allow. */
  most?: number;
  /** Of commands and replies that are on their way, of all tenants. Default: MOST_BYTES. */
  mostBytes?: number;
}

export interface OpenedRedis {
  /** Opens the port that the settings name; the list is empty if they name none. */
  listen(certificate: Certificate | undefined): Promise<RedisDoor[]>;
  /** A machine's connection. */
  accept(socket: Duplex, identity: Identity): void;
}

interface RedisDoor {
  url: string;
  setCertificate(certificate: Certificate): void;
}

const MOST_BYTES = 256 * 2 ** 20;
/** Of all places, what one address has of those who have not said who they are. */
const OF_STRANGERS = 1 / 8;
const HANDSHAKE_MS = 10_000;
const KEEP_ALIVE_MS = 60_000;

export function openRedis({ config, clock, log, closing }: ServerStart, needs: RedisNeeds): OpenedRedis {
  const most = needs.most ?? descriptorBudget(descriptorLimit()).api;
  const [places, room, waiters] = [new Shares(most), new Shares(needs.mostBytes ?? MOST_BYTES), new Waiters(clock)];
  const parts = { principals: needs.principals, names: needs.catalog.names, clock };
  let lastId = 0;

  function open(socket: Duplex, { known, identify: identified }: Pick<ConnectionParts, "known" | "identify">, own: Identity | null): void {
    let [holder, held] = [own?.holder ?? "", 0];
    const connection = new Connection(
      socket,
      {
        id: ++lastId,
        commands: needs.commands,
        waiters,
        clock,
        identify: identified,
        known(identity) {
          const next = identity?.holder ?? holder;
          // What waits is its new holder's from now on.
          if (!known(identity) || (next !== holder && !room.move(holder, next, held))) return false;
          holder = next;
          return true;
        },
        take(bytes) {
          if (bytes > 0 && !room.take(holder, bytes)) return false;
          if (bytes < 0) room.give(holder, -bytes);
          held += bytes;
          return true;
        },
        onError: (error) => log.error({ err: error }, "a connection of Redis' protocol failed"),
      },
      own,
    );
    connection.open();
  }

  function identified(address: string, user: string | undefined, password: string): Identity | Refused | null {
    const identity = identify(parts, user, password);
    if (identity !== null || needs.wrong.count(address) === 0) return identity;
    return { error: "ERR too many wrong credentials came from this address: wait a little", isOver: true };
  }

  /** Takes a place for a client as soon as it is connected: what makes it that of a tenant, or null if there is none. */
  function placed(socket: Socket): ((identity: Identity | null) => boolean) | null {
    let holder = `from ${clientKey(addressOf(socket))}`;
    if (!places.take(holder, 1, OF_STRANGERS)) return null;
    const give = () => places.give(holder, 1);
    socket.once(
      "close",
      guarded(give, () => {}),
    );
    return (identity) => {
      const next = identity?.holder ?? holder;
      const isMoved = next === holder || places.move(holder, next, 1);
      if (isMoved) holder = next;
      return isMoved;
    };
  }

  function serve(socket: Socket, place: ReturnType<typeof placed> | undefined): void {
    if (place == null) return void socket.end("-ERR max number of clients reached\r\n");
    const address = addressOf(socket);
    open(socket, { known: place, identify: (user, password) => identified(address, user, password) }, null);
  }

  return {
    async listen(certificate) {
      const { listen } = config.kv.redis;
      if (listen === undefined) return [];
      const sockets = new Set<Socket>();
      const server =
        certificate === undefined
          ? createServer({ allowHalfOpen: true })
          : createTlsServer({ ...certificate, allowHalfOpen: true, handshakeTimeout: HANDSHAKE_MS });
      accepting(server, certificate !== undefined, sockets, placed, serve);
      const { host, port } = parseAddress(listen);
      const { port: taken } = await listenOn(server, { on: { host, port }, address: listen, key: "kv.redis.listen" });
      closing.defer(() => {
        server.close();
        for (const socket of sockets) socket.destroy();
      });
      const url = urlOf(host, taken, certificate !== undefined).replace(/^http/, "redis");
      log.info({ url }, "Redis' protocol is spoken");
      return [{ url, setCertificate: (renewed) => renewCertificate(server, renewed) }];
    },
    accept(socket, identity) {
      const choose = (user: string | undefined) => (user === undefined || user === "default" ? identity : identity.select(user));
      open(socket, { known: (who) => who !== null, identify: choose }, identity);
    },
  };
}

type Place = (identity: Identity | null) => boolean;

/** Has each connection placed when it is there, and served when it speaks: over TLS, that is after its handshake. */
function accepting(
  server: Server,
  isTls: boolean,
  sockets: Set<Socket>,
  placed: (socket: Socket) => Place | null,
  serve: (socket: Socket, place: Place | null | undefined) => void,
): void {
  const byName = new Map<string, Place | null>();
  const onConnection = (socket: Socket) => {
    sockets.add(socket);
    const name = nameOf(socket);
    const over = () => {
      sockets.delete(socket);
      byName.delete(name);
    };
    socket.once(
      "close",
      guarded(over, () => {}),
    );
    // A client that refuses the certificate, or has left.
    socket.on(
      "error",
      guarded(
        () => void socket.destroy(),
        () => {},
      ),
    );
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    socket.setNoDelay(true);
    const place = placed(socket);
    if (!isTls) return serve(socket, place);
    if (place === null) return void socket.destroy();
    byName.set(name, place);
  };
  const onSecure = (socket: TLSSocket) => serve(socket, byName.get(nameOf(socket)));
  const cut = (_error: unknown, socket: Socket) => void socket.destroy();
  server.on("connection", guarded(onConnection, cut));
  if (isTls) server.on("secureConnection", guarded(onSecure, cut));
}

/** The same for the TCP connection and for the TLS socket on it. */
function nameOf({ remoteAddress, remotePort, localAddress }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress}`;
}

function addressOf({ remoteAddress = "" }: Socket): string {
  return plainAddress(remoteAddress) ?? "unknown";
}
