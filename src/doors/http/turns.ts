/**
 * One request at a time on a connection. node:http hands over every request that one read brought, 2,000 of them where a client
 * pipelines; each would be a call. Here the parser stops at the head of the next request until the reply under way has left:
 *
 * 1. At most one request of a connection has begun and not been replied to.
 * 2. Of what comes behind it, one head and `heldBytes` are kept at most; then the socket is not read.
 * 3. What is no HTTP behind a request is answered after the reply to that, and ends the connection.
 * 4. A client that closes its half of the connection gets the replies to all that it has sent; the last one ends the connection.
 *
 * A connection without pipelining is none the slower: its parser still reads from the socket by itself. For that, four things of
 * node:http are used that its documentation leaves out: `parser.onIncoming`, whose result goes to llhttp, `parser.resume()`, and
 * the parser's listeners for data and for the end. gateway.test.ts and fuzz.test.ts fail where a newer Node does otherwise.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { guarded } from "../../base/errors/guarded.ts";
import { MayflyError } from "../../base/errors/error.ts";

/** llhttp's HPE_PAUSED: it stops behind the head, and goes on from there after resume(). */
const PAUSED = 21;

/** `upgrade`: its head names another protocol, or its method is CONNECT. */
type Arrived = IncomingMessage & { upgrade: boolean };

interface Parser {
  onIncoming: (request: Arrived, keepAlive: boolean) => number;
  resume(): void;
}

export interface HeldLimits {
  /** From so many bytes on that wait behind a request the socket is not read. */
  readonly heldBytes: number;
}

export class Turns {
  readonly #socket: Socket;
  readonly #parser: Parser;
  readonly #begin: Parser["onIncoming"];
  readonly #feed: (bytes: Buffer) => void;
  readonly #finish: () => void;
  readonly #limits: HeldLimits;
  readonly #refuse: (mistake: MayflyError) => void;
  #reply: ServerResponse | null = null;
  #next: { request: Arrived; keepAlive: boolean } | null = null;
  #mistake: MayflyError | null = null;
  #waitsForReply = false;
  /** The client will send nothing more. */
  halfClosed = false;
  /** Requests so far. */
  begun = 0;
  #rest: Buffer[] = [];
  #restBytes = 0;

  /** @param refuse answers what is no HTTP, as the last thing on the connection */
  constructor(socket: Socket, limits: HeldLimits, refuse: (mistake: MayflyError) => void) {
    this.#socket = socket;
    this.#limits = limits;
    this.#refuse = refuse;
    this.#parser = (socket as unknown as { parser: Parser }).parser;
    this.#begin = this.#parser.onIncoming;
    this.#feed = socket.listeners("data")[0] as (bytes: Buffer) => void;
    this.#parser.onIncoming = (request, keepAlive) => this.#arrived(request, keepAlive);
    // It would end the connection at once.
    this.#finish = socket.listeners("end").at(-1) as () => void;
    socket.off("end", this.#finish);
    const onEnd = () => this.#onEnd();
    socket.on(
      "end",
      guarded(onEnd, () => socket.destroy()),
    );
  }

  /** The reply to the request that has just begun. */
  set reply(reply: ServerResponse) {
    this.#reply = reply;
  }

  /** The reply under way, until its last byte is with the kernel. */
  get underWay(): ServerResponse | null {
    return this.#reply === null || this.#reply.writableFinished ? null : this.#reply;
  }

  /** The parser's error was only its stop; returns false where it was a real one. */
  stopped(code: string | undefined, packet: Buffer | undefined, parsed: number): boolean {
    if (this.#mistake !== null) return true;
    if (this.#next === null || code !== "HPE_PAUSED" || packet === undefined) return false;
    // Told once; what comes while the parser is stopped is reported with the same number.
    this.#hold(this.#rest.length === 0 ? packet.subarray(parsed) : packet);
    return true;
  }

  /** Refuses once the reply under way has left; nothing that comes from now on is looked at. */
  refuseAfterReply(mistake: MayflyError): void {
    this.#mistake = mistake;
    this.#drop();
    this.#whenReplied();
  }

  #onEnd(): void {
    this.halfClosed = true;
    if (this.#next !== null || this.#mistake !== null) return; // its turn comes
    const reply = this.underWay;
    // Nothing is under way, or only a part of it came: the parser finds out.
    if (reply === null || !reply.req.complete) return this.#finish();
    reply.shouldKeepAlive = false;
    const end = () => this.#socket.destroySoon();
    reply.once("finish", guarded(end, end));
  }

  #arrived(request: Arrived, keepAlive: boolean): number {
    if (this.#mistake !== null) return PAUSED;
    this.begun += 1;
    const protocol = request.upgrade && request.method !== "CONNECT" ? (request.headers.upgrade ?? "it") : undefined;
    // llhttp takes what follows for another protocol, so that this must be the last request.
    if (this.underWay === null) return this.#begin(request, keepAlive && protocol === undefined);
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

  /** node:http resumes the socket when a body is read or a reply has left, and would then read on behind the request under way. */
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

  /** In a turn of the event loop of its own, so that a client with many requests gets one a turn, as any other. */
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
      return this.#refuse(this.#mistake);
    }
    const { request, keepAlive } = this.#next!;
    const rest = Buffer.concat(this.#rest);
    this.#drop();
    this.#parser.resume();
    this.#begin(request, keepAlive);
    // Even where nothing is left: the parser has yet to find out that the request is complete.
    if (!this.#socket.destroyed) this.#feed(rest);
    if (this.#restBytes < this.#limits.heldBytes) this.#readAgain();
    if (this.halfClosed && !this.#socket.destroyed) this.#onEnd();
  }
}
