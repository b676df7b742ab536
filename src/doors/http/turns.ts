/**
 * Handles the requests of a connection one at a time. node:http hands over every request that one read brought, up to 2,000 if a client
 * pipelines, and each would become a call at once. Here the parser stops after the head of the next request until the current reply has
 * been sent:
 *
 * 1. At most one request of a connection has begun and not been replied to.
 * 2. Of the data that follows that request, at most one head and `heldBytes` are kept; beyond that the socket is not read.
 * 3. Data after a request that is not valid HTTP is answered after that request's reply, and ends the connection.
 * 4. A client that closes its half of the connection gets the replies to all requests that it has sent; the last reply ends the connection.
 *
 * A connection without pipelining is as fast as before: its parser still reads from the socket directly. This relies on four undocumented
 * parts of node:http: `parser.onIncoming`, whose result goes to llhttp, `parser.resume()`, and the parser's listeners for "data" and for
 * "end". gateway.test.ts and fuzz.test.ts fail if a newer Node behaves differently.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { guarded, guardedOf } from "../../base/errors/guarded.ts";
import { MayflyError } from "../../base/errors/error.ts";

/** llhttp's HPE_PAUSED: llhttp stops after the head, and continues from there after resume(). */
const PAUSED = 21;

/** `upgrade` is true if the head names another protocol, or the method is CONNECT. */
type Arrived = IncomingMessage & { upgrade: boolean };

interface Parser {
  onIncoming: (request: Arrived, keepAlive: boolean) => number;
  resume(): void;
}

export interface HeldLimits {
  /** If this many bytes wait behind the current request, the socket is not read. */
  readonly heldBytes: number;
}

export type Refuse = (mistake: MayflyError, socket: Socket) => void;

const ofSocket = Symbol("turns");
type Known = Socket & { [ofSocket]?: Turns };
const onEnd = guardedOf<Known, []>(
  (socket) => socket[ofSocket]?.ended(),
  (_error, socket) => socket.destroy(),
);

export class Turns {
  readonly #socket: Socket;
  // Those of node:http; null when it has no more to do with the connection.
  #parser: Parser | null;
  #begin: Parser["onIncoming"] | null;
  #feed: ((bytes: Buffer) => void) | null;
  #finish: (() => void) | null;
  readonly #limits: HeldLimits;
  readonly #refuse: Refuse;
  #reply: ServerResponse | null = null;
  #next: { request: Arrived; keepAlive: boolean } | null = null;
  #mistake: MayflyError | null = null;
  #isSwitched = false;
  #waitsForReply = false;
  /** Whether the client has closed its half of the connection and will send nothing more. */
  halfClosed = false;
  /** How many requests have begun on this connection. */
  begun = 0;
  #rest: Buffer[] = [];
  #restBytes = 0;

  /** @param refuse answers data that is not valid HTTP; it is the last reply on the connection */
  constructor(socket: Socket, limits: HeldLimits, refuse: Refuse) {
    this.#socket = socket;
    this.#limits = limits;
    this.#refuse = refuse;
    const { parser } = socket as unknown as { parser: Parser };
    this.#parser = parser;
    this.#begin = parser.onIncoming;
    this.#feed = socket.listeners("data")[0] as (bytes: Buffer) => void;
    parser.onIncoming = (request, keepAlive) => this.#arrived(request, keepAlive);
    // node:http's own listener would end the connection at once, so ended() decides when to call it.
    this.#finish = socket.listeners("end").at(-1) as () => void;
    socket.off("end", this.#finish);
    (socket as Known)[ofSocket] = this;
    socket.on("end", onEnd);
  }

  /** The connection's last request asks for another protocol: what follows it is none of node:http's. */
  leftParser(): void {
    this.#socket.off("end", onEnd);
  }

  /** The connection goes on with the other protocol until it ends, perhaps for days: what was for its requests is let go of. */
  switched(): void {
    this.#reply = null;
    this.#isSwitched = true;
    this.#parser = this.#begin = this.#feed = this.#finish = null;
  }

  /** Whether a request is in progress, or the connection goes on with another protocol. */
  get isBusy(): boolean {
    return this.#isSwitched || this.underWay !== null;
  }

  /** Sets the reply to the request that has just begun. */
  set reply(reply: ServerResponse | null) {
    this.#reply = reply;
  }

  get reply(): ServerResponse | null {
    return this.#reply;
  }

  /** The reply in progress, until the kernel has taken its last byte. */
  get underWay(): ServerResponse | null {
    return this.#reply === null || this.#reply.writableFinished ? null : this.#reply;
  }

  /** Returns true if the parser's error is only the pause that #arrived() asked for, false if it is a real error. */
  stopped(code: string | undefined, packet: Buffer | undefined, parsed: number): boolean {
    if (this.#mistake !== null) return true;
    if (this.#next === null || code !== "HPE_PAUSED" || packet === undefined) return false;
    // The first report points into its packet: the bytes after `parsed` are new. While the parser is paused, later packets are reported
    // with the same `parsed`, but are new as a whole.
    this.#hold(this.#rest.length === 0 ? packet.subarray(parsed) : packet);
    return true;
  }

  /** Refuses after the current reply has been sent. Data that arrives from now on is ignored. */
  refuseAfterReply(mistake: MayflyError): void {
    this.#mistake = mistake;
    this.#drop();
    this.#whenReplied();
  }

  ended(): void {
    this.halfClosed = true;
    if (this.#next !== null || this.#mistake !== null) return; // the waiting request or refusal still follows
    const reply = this.underWay;
    // Either no request is in progress or the client cut it off: node:http's own listener handles both.
    if (reply === null || !reply.req.complete) return this.#finish!();
    reply.shouldKeepAlive = false;
    const end = () => this.#socket.destroySoon();
    reply.once("finish", guarded(end, end));
  }

  #arrived(request: Arrived, keepAlive: boolean): number {
    if (this.#mistake !== null) return PAUSED;
    this.begun += 1;
    const protocol = request.upgrade && request.method !== "CONNECT" ? (request.headers.upgrade ?? "it") : undefined;
    // llhttp reads what follows as another protocol, so this must be the connection's last request.
    if (this.underWay === null) return this.#begin!(request, keepAlive && protocol === undefined);
    if (request.upgrade) return this.#upgradeBehind(request, protocol);
    this.#next = { request, keepAlive };
    this.#whenReplied();
    return PAUSED;
  }

  #upgradeBehind(request: Arrived, protocol: string | undefined): number {
    request.upgrade = false;
    this.refuseAfterReply(
      protocol === undefined
        ? new MayflyError("method-not-supported", { method: "CONNECT" })
        : new MayflyError("upgrade-not-supported", { protocol: protocol.slice(0, 100) }),
    );
    return PAUSED;
  }

  #hold(bytes: Buffer): void {
    this.#rest.push(bytes);
    this.#restBytes += bytes.length;
    if (this.#restBytes >= this.#limits.heldBytes) this.#stopReading();
  }

  /**
   * Stops reading from the socket. node:http resumes the socket when a body is read or a reply has been sent, and would then read on behind
   * the current request, so resume() is disabled.
   */
  #stopReading(): void {
    this.#socket.pause();
    this.#socket.resume = () => this.#socket;
  }

  #readAgain(): void {
    Reflect.deleteProperty(this.#socket, "resume");
    this.#socket.resume();
  }

  #drop(): void {
    this.#next = null;
    this.#rest = [];
    this.#restBytes = 0;
  }

  /**
   * Continues after the current reply, in a new turn of the event loop, so that a client with many requests gets one per turn like every
   * other client.
   */
  #whenReplied(): void {
    if (this.#waitsForReply) return;
    this.#waitsForReply = true;
    const cut = () => this.#socket.destroy();
    const goOn = () => void setImmediate(guarded(() => this.#goOn(), cut));
    (this.#reply as ServerResponse).once("finish", guarded(goOn, cut));
  }

  #goOn(): void {
    this.#waitsForReply = false;
    if (this.#socket.destroyed || !this.#socket.writable) return this.#drop();
    if (this.#mistake !== null) {
      this.#readAgain();
      return this.#refuse(this.#mistake, this.#socket);
    }
    const { request, keepAlive } = this.#next!;
    const rest = Buffer.concat(this.#rest);
    this.#drop();
    this.#parser!.resume();
    this.#begin!(request, keepAlive);
    // Even an empty rest is fed: the parser must find out that the request is complete.
    if (!this.#socket.destroyed) this.#feed!(rest);
    if (this.#restBytes < this.#limits.heldBytes) this.#readAgain();
    if (this.halfClosed && !this.#socket.destroyed) this.ended();
  }
}
