/**
 * One connection: bytes become commands, and replies bytes, in the order of the commands.
 *
 * Owns: the commands that wait, and the memory that they, those of an open transaction and large replies hold.
 * 1. No more is read while enough waits, and nothing more is carried out until the client has taken the replies.
 * 2. Beyond a little, what waits holds room that all tenants share. If there is none the connection ends.
 * 3. Whoever does not say who it is, or does not take its replies, is not waited for without end.
 */
import type { Duplex } from "node:stream";
import type { Clock } from "../../base/clock/clock.ts";
import { guarded } from "../../base/errors/guarded.ts";
import { MOST_ARGUMENTS, type Command, type Reply } from "../../services/kv/redis/commands.ts";
import { MOST_VALUE_BYTES } from "../../services/kv/kv.ts";
import { encodeReplies } from "./encode-reply.ts";
import type { Identity } from "./identify.ts";
import { ProtocolError, RequestParser } from "./request-parser.ts";
import { Session, type SessionParts } from "./session.ts";

export interface ConnectionParts extends Omit<SessionParts, "left" | "takeRoom"> {
  clock: Clock;
  /** Takes, or gives back if it is below 0, memory that is shared. Returns whether there was room. */
  take: (bytes: number) => boolean;
  /** Called with what nobody is to blame for. */
  onError: (error: unknown) => void;
}

/** Before it is known who it is, a client says little. */
const STRANGERS = { texts: 10, bytes: 16_384 };
const USUAL = { texts: MOST_ARGUMENTS + 1, bytes: MOST_VALUE_BYTES };
/** Bytes that wait before no more is read. */
const MOST_WAITING_BYTES = 65_536;
const MOST_WAITING = 1_000;
/** As Redis itself does: what begins a line of an HTTP request ends the connection. Whoever has a function fetch a URL could put commands into the body otherwise. */
const OF_HTTP = new Set(["POST", "HOST:"]);
const KNOWN_MS = 10_000;
const TAKEN_MS = 60_000;

interface Waiting {
  command: Command;
  bytes: number;
}

export class Connection {
  readonly #socket: Duplex;
  readonly #parts: ConnectionParts;
  readonly #parser = new RequestParser(STRANGERS);
  readonly #session: Session;
  /** The connection is over. */
  readonly #left = new AbortController();
  /** The client sends no more, and waits for nothing that may take long. */
  readonly #done = new AbortController();
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #replyRoom = 0;
  #held = 0;
  #isWorking = false;
  /** What the client is told before the connection ends: it does not speak the protocol. */
  #mistake: string | null = null;
  #isOver = false;

  /** @param identity of a machine's connection, which is known by where it comes from */
  constructor(socket: Duplex, parts: ConnectionParts, identity: Identity | null) {
    this.#socket = socket;
    this.#parts = parts;
    const known = (who: Identity | null) => {
      const isPlaced = parts.known(who);
      if (isPlaced) this.#parser.bounds = who === null ? STRANGERS : USUAL;
      return isPlaced;
    };
    const takeRoom = (bytes: number) => this.#takeForReplies(bytes);
    this.#session = new Session({ ...parts, known, takeRoom, left: this.#done.signal }, identity);
    if (identity !== null) this.#parser.bounds = USUAL;
  }

  /** Serves it from now on. */
  open(): void {
    const cut = () => this.#close();
    const failed = (error: unknown) => {
      this.#parts.onError(error);
      cut();
    };
    this.#socket.on(
      "data",
      guarded((chunk: Uint8Array) => this.#take(chunk), failed),
    );
    for (const event of ["error", "close"]) this.#socket.on(event, guarded(cut, cut));
    const ended = () => {
      this.#done.abort();
      this.#workOn();
    };
    this.#socket.on("end", guarded(ended, failed));
    const cancel = this.#parts.clock.after(KNOWN_MS, () => {
      if (!this.#session.isKnown) cut();
    });
    this.#left.signal.addEventListener("abort", guarded(cancel, cut), { once: true });
  }

  #take(chunk: Uint8Array): void {
    if (this.#isOver || this.#mistake !== null) return;
    this.#parser.push(chunk);
    this.#parse();
    this.#workOn();
  }

  #parse(): void {
    try {
      // What comes after a mistake is no command any more.
      while (this.#mistake === null && this.#waiting.length < MOST_WAITING && this.#waitingBytes < MOST_WAITING_BYTES) {
        const texts = this.#parser.next();
        if (texts === null) break;
        const [first, ...args] = texts;
        const name = Buffer.from(first!).toString("latin1", 0, 64).toUpperCase();
        if (OF_HTTP.has(name)) throw new ProtocolError("Protocol error: this is a request of HTTP, which is not spoken here");
        const bytes = texts.reduce((sum, { length }) => sum + length + 16, 0);
        this.#waiting.push({ command: { name, args }, bytes });
        this.#waitingBytes += bytes;
        // Bounds become others with the first command that says who it is.
        if (!this.#session.isKnown) break;
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#mistake = error.message;
    }
    const isFull = this.#waiting.length >= MOST_WAITING || this.#waitingBytes >= MOST_WAITING_BYTES || !this.#session.isKnown;
    if (this.#mistake !== null || (isFull && this.#waiting.length > 0)) this.#socket.pause();
    else this.#socket.resume();
    if (!this.#hold()) this.#end({ error: "BUSY as many bytes of commands and replies are under way as Mayfly holds in memory" });
  }

  #workOn(): void {
    if (this.#isWorking) return;
    this.#isWorking = true;
    this.#work()
      .catch((error: unknown) => {
        this.#parts.onError(error);
        this.#close();
      })
      .finally(() => {
        this.#isWorking = false;
      });
  }

  async #work(): Promise<void> {
    while (!this.#isOver) {
      if (this.#waiting.length === 0) {
        if (this.#mistake !== null) this.#end({ error: `ERR ${this.#mistake}` });
        else if (this.#done.signal.aborted) this.#end();
        return;
      }
      const { replies, taken, isOver } = await this.#session.answer(this.#waiting.map(({ command }) => command));
      for (const { bytes } of this.#waiting.splice(0, taken)) this.#waitingBytes -= bytes;
      if (this.#isOver) return;
      await this.#send(replies);
      if (isOver) return this.#end();
      this.#replyRoom = 0;
      this.#parse();
    }
  }

  /** Resolves when the client has taken nearly all of it. */
  async #send(replies: readonly Reply[]): Promise<void> {
    let isTaken = true;
    encodeReplies(replies, this.#session.protocol, (part) => {
      isTaken = this.#socket.write(part);
    });
    if (isTaken || this.#isOver) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const done = () => resolve();
    this.#socket.once("drain", guarded(done, done));
    this.#left.signal.addEventListener("abort", done, { once: true });
    const cancel = this.#parts.clock.after(TAKEN_MS, () => this.#close());
    await promise;
    cancel();
    this.#left.signal.removeEventListener("abort", done);
  }

  #takeForReplies(bytes: number): boolean {
    this.#replyRoom += bytes;
    if (this.#hold()) return true;
    this.#replyRoom -= bytes;
    return false;
  }

  /** Brings what it holds of the shared memory up to date. */
  #hold(): boolean {
    const waiting = this.#parser.size + this.#waitingBytes + this.#session.bytes;
    const wanted = this.#isOver ? 0 : Math.max(0, waiting - MOST_WAITING_BYTES) + this.#replyRoom;
    const isTaken = wanted === this.#held || this.#parts.take(wanted - this.#held);
    if (isTaken) this.#held = wanted;
    return isTaken;
  }

  #end(last?: Reply): void {
    if (this.#isOver) return;
    if (last !== undefined) encodeReplies([last], this.#session.protocol, (part) => void this.#socket.write(part));
    this.#socket.end();
    // A client that neither takes the last reply nor closes its end.
    this.#parts.clock.after(KNOWN_MS, () => this.#socket.destroy());
    this.#leave();
  }

  #close(): void {
    this.#socket.destroy();
    this.#leave();
  }

  #leave(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#hold();
    this.#done.abort();
    this.#left.abort();
  }
}
