/**
 * HTTP/2 at the gateway. Its connections come from the listeners of HTTP/1.1, which give away those whose client speaks HTTP/2: protocol-choice.ts. Each request is
 * answered as one of HTTP/1.1 is.
 *
 * Owns: the sessions, and the counts of their clients' requests.
 * 1. A session has at most MOST_STREAMS requests in progress, and they share its bytes fairly, because nghttp2 takes turns among them.
 * 2. What a client may send without a request in it is bounded by nghttp2 and node:http2, as the options below say: resets, settings, pings, headers without an
 *    end. A client that goes beyond loses its connection.
 * 3. A session on which nothing moves and no request is in progress ends after the time that an open connection may wait.
 */
import { createServer, type Http2Server, type IncomingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { guarded } from "../../../base/errors/guarded.ts";
import { MayflyError } from "../../../base/errors/error.ts";
import { plainAddress } from "../../../base/network/addresses.ts";
import { Connection } from "../connection.ts";
import { refuse } from "../refuse.ts";
import type { Watch } from "../watch.ts";
import type { Upgrading } from "../websocket/upgrade.ts";
import { ClientStreams, type StreamLimits } from "./client-streams.ts";
import { asRequest, H2Request } from "./h2-request.ts";
import { asResponse, H2Response } from "./h2-response.ts";
import { asUpgrade, isWebSocket, upgradingOf } from "./h2-websocket.ts";
import { StreamConnection } from "./stream-connection.ts";

/** As nginx has it. */
const MOST_STREAMS = 128;
/**
 * What nghttp2 reads of a request's head goes beyond what the gateway takes, so that most heads that are too large get an answer. node:http2 resets the request where a head goes beyond
 * this, and the connection ends where one value alone has 64 KiB.
 */
const READ_HEADS = 2;
/** Pairs of a name and a value in a request's headers. answer.ts refuses fewer than these. */
const READ_HEADERS = 1_000;

export interface H2Options {
  watch: Watch;
  headBytes: number;
  headMs: number;
  keepAliveMs: number;
  /** How many requests may be in progress. */
  requests: StreamLimits;
  answer: (request: IncomingMessage, response: ServerResponse, continues: boolean, upgrading?: Upgrading) => void;
  refuseExpectation: (request: IncomingMessage, response: ServerResponse) => void;
}

export class H2Sessions {
  readonly #options: H2Options;
  readonly #server: Http2Server;
  readonly #sessions = new Set<ServerHttp2Session>();
  readonly #clients: ClientStreams;

  constructor(options: H2Options) {
    this.#options = options;
    this.#clients = new ClientStreams(options.requests);
    this.#server = createServer({
      // Megabytes of one session, for headers and for what waits to be sent.
      maxSessionMemory: 4,
      maxHeaderListPairs: READ_HEADERS,
      // A function may repeat any header; HTTP/1.1 carries that as well.
      strictSingleValueFields: false,
      maxOutstandingPings: 10,
      maxSettings: 32,
      maxSessionInvalidFrames: 100,
      maxSessionRejectedStreams: 100,
      // A browser resets a few requests when its user goes on to another page. A flood of them would start calls without end.
      streamResetBurst: 200,
      streamResetRate: 20,
      settings: {
        maxConcurrentStreams: MOST_STREAMS,
        maxHeaderListSize: READ_HEADS * options.headBytes,
        enablePush: false,
        enableConnectProtocol: true,
      },
    });
    const onSession = (session: ServerHttp2Session) => this.#begin(session);
    this.#server.on(
      "session",
      guarded(onSession, (_error, session) => session.destroy()),
    );
  }

  /** Takes a connection whose client speaks HTTP/2. Bytes of it may have been read and put back. */
  take(socket: Socket): void {
    this.#server.emit("connection", socket);
  }

  /** Lets requests in progress finish, and takes no others. */
  close(): void {
    for (const session of this.#sessions) session.close();
  }

  #begin(session: ServerHttp2Session): void {
    const { watch, headMs, keepAliveMs } = this.#options;
    const { socket } = session;
    const address = plainAddress(socket.remoteAddress ?? "") ?? "unknown";
    const guest = { isBusy: false, begun: 0 };
    let streams = 0;
    const isTurnedAway = !watch.joins(socket, guest);
    const cut = () => session.destroy();
    const onStream = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
      // Errors of a stream end it, and are told by its close. One that nobody listens for would end the server.
      stream.on(
        "error",
        guarded(() => undefined, cut),
      );
      // What came in the same packet may have ended the session before this is called. It has no socket then.
      if (stream.destroyed) return;
      guest.begun += 1;
      streams += 1;
      guest.isBusy = true;
      session.setTimeout(keepAliveMs);
      const onClose = () => {
        streams -= 1;
        guest.isBusy = streams > 0;
        if (isTurnedAway && streams === 0) session.close();
      };
      stream.once("close", guarded(onClose, cut));
      this.#request(stream, headers, isTurnedAway, address);
    };
    const onTimeout = () => {
      if (streams === 0) session.close();
      // A client that keeps its session, but ends none of its requests, is found by what each of them waits for.
    };
    this.#sessions.add(session);
    session.setTimeout(headMs);
    session.on(
      "stream",
      guarded(onStream, (_error, stream) => stream.destroy()),
    );
    session.on("timeout", guarded(onTimeout, cut));
    session.on("error", guarded(cut, cut));
    session.on("frameError", guarded(cut, cut));
    session.once(
      "close",
      guarded(() => this.#sessions.delete(session), cut),
    );
  }

  #request(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, turnedAway: boolean, address: string): void {
    const { watch, answer, refuseExpectation, headBytes } = this.#options;
    const asksForWebSocket = isWebSocket(headers);
    const own = new H2Request(stream, asksForWebSocket ? asUpgrade(headers) : headers, asksForWebSocket);
    const request = asRequest(own);
    const ownResponse = new H2Response(own);
    const response = asResponse(ownResponse);
    const ended = turnedAway ? null : this.#clients.begin(address);
    const connection = new StreamConnection(stream, address, ended === null);
    const failed = () => void stream.destroy();
    const onClose = () => {
      ended?.();
      watch.forget(connection);
      connection.call?.clientGone();
    };
    stream.once("close", guarded(onClose, failed));
    Connection.attach(request, connection);
    watch.watch(connection);
    if (own.headBytes > headBytes) {
      refuse(response, new MayflyError("head-too-large", { limit: `${headBytes} bytes` }), undefined, false);
      if (own.hasBody) watch.linger(request);
      return;
    }
    if (asksForWebSocket) return answer(request, response, false, upgradingOf(stream, ownResponse));
    if (own.method === "CONNECT") return refuse(response, new MayflyError("method-not-supported", { method: "CONNECT" }), undefined, false);
    const expectation = own.headers.expect?.trim().toLowerCase();
    if (expectation === undefined || expectation === "100-continue") answer(request, response, expectation !== undefined);
    else refuseExpectation(request, response);
  }
}
