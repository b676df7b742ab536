/**
 * A client's connection after its upgrade, or its stream of HTTP/2: bytes go both ways as they come, no faster than the other side takes them.
 *
 * 1. Exactly one of these ends it: the function ends its side, the connection fails or is ended by the gateway, or the client is gone. After that nothing is
 *    sent to the function.
 * 2. What is held here is bounded: by the function's credit in the one direction, and by one chunk in the other.
 * 3. When the gateway ends it, the client gets a Close frame, unless the function is in the middle of a frame or has sent one.
 */
import type { Duplex } from "node:stream";
import type { ErrorDetails } from "../../../base/errors/error.ts";
import type { ErrorCode } from "../../../base/errors/table.ts";
import { guardedOf } from "../../../base/errors/guarded.ts";
import type { InvocationHandle } from "../../../dispatch/invocation.ts";
import { PacedWriter, type Peer } from "../../../wire/paced-writer.ts";
import type { ClientConnection, OnConnection } from "../connection.ts";
import type { Watch } from "../watch.ts";
import { closeFrame, FrameBorder } from "./frame-border.ts";

/** Codes of Close frames (RFC 6455, 7.4.1, and its registry). */
const GOING_AWAY = 1_001;
const POLICY_VIOLATION = 1_008;
const INTERNAL_ERROR = 1_011;
const SERVICE_RESTART = 1_012;
const closeCodes: Partial<Record<ErrorCode, number>> = {
  "connection-drained": SERVICE_RESTART,
  "shutting-down": SERVICE_RESTART,
  "connection-expired": GOING_AWAY,
  "connection-idle": GOING_AWAY,
  "credentials-refused": POLICY_VIOLATION,
};

export interface TunnelParts {
  socket: Duplex;
  connection: ClientConnection;
  handle: InvocationHandle;
  watch: Watch;
  /** How long both sides may be silent, in milliseconds. */
  idleMs: number;
  /** Whether who opened it may still call; absent: nobody was asked. */
  isAllowed?: (() => boolean) | undefined;
}

/** How often that is asked. */
const ASK_MS = 5_000;

const ofSocket = Symbol("tunnel");
type Tunneled = Duplex & { [ofSocket]?: Tunnel };

const cut = (_error: unknown, socket: Duplex) => socket.destroy();
// There may be thousands of connections, for hours: they share these.
const onData = guardedOf((socket: Tunneled, chunk: Buffer) => socket[ofSocket]?.received(chunk), cut);
const onEnd = guardedOf<Tunneled, []>((socket) => socket[ofSocket]?.clientEnded(), cut);

export class Tunnel implements OnConnection, Peer {
  readonly #parts: TunnelParts;
  readonly #border = new FrameBorder();
  readonly #writer = new PacedWriter(this);
  /** The tick at which a byte came from either side last. */
  #activeAt: number;
  #askedAt: number;
  #over = false;

  constructor(parts: TunnelParts) {
    this.#parts = parts;
    this.#activeAt = parts.watch.tick;
    this.#askedAt = parts.watch.tick;
  }

  /** @param early what the client has sent already behind its request */
  begin(early: Buffer): void {
    const { socket, connection } = this.#parts;
    connection.begins(this);
    (socket as Tunneled)[ofSocket] = this;
    socket.on("data", onData);
    socket.on("end", onEnd);
    socket.resume();
    if (early.length > 0) this.received(early);
  }

  // What the writer does.

  write(bytes: Buffer, written: () => void): void {
    this.#parts.socket.write(bytes, written);
  }

  taken(bytes: number): void {
    if (!this.#over) this.#parts.handle.consumed(bytes);
  }

  // What the function does.

  data(chunk: Buffer): void {
    if (this.#over) return;
    this.#activeAt = this.#parts.watch.tick;
    this.#border.pass(chunk);
    this.#writer.write(chunk);
  }

  end(): void {
    this.#finish(null);
  }

  fail(code: ErrorCode, _details: ErrorDetails): void {
    const mayTell = this.#border.isBetweenFrames && !this.#border.isClosed;
    this.#finish(mayTell ? closeFrame(closeCodes[code] ?? INTERNAL_ERROR, code) : null);
  }

  drain(): void {
    if (!this.#over) this.#parts.socket.resume();
  }

  // What the watch finds out about the client.

  waitingSince(): number {
    return Infinity;
  }

  tooSlow(): void {}

  checkIdle(tick: number): void {
    const { watch, idleMs, handle } = this.#parts;
    if (this.#over) return;
    const isIdle = (tick - this.#activeAt) * watch.tickMs > idleMs;
    if (!isIdle && this.#isAllowed(tick)) return;
    handle.abort();
    this.fail(isIdle ? "connection-idle" : "credentials-refused", {});
  }

  #isAllowed(tick: number): boolean {
    const { watch, isAllowed } = this.#parts;
    if (isAllowed === undefined || (tick - this.#askedAt) * watch.tickMs < ASK_MS) return true;
    this.#askedAt = tick;
    return isAllowed();
  }

  malformed(): boolean {
    return false;
  }

  clientGone(): void {
    if (this.#over) return;
    this.#leave();
    this.#parts.handle.abort();
  }

  // What the client does.

  received(chunk: Buffer): void {
    // What comes after the end is read, because the client could lose the last bytes otherwise, and dropped.
    if (this.#over) return;
    this.#activeAt = this.#parts.watch.tick;
    if (!this.#parts.handle.write(chunk)) this.#parts.socket.pause();
  }

  /** The client sends nothing more. It may go on reading, and the function decides when that ends, but not for long: no WebSocket lives on half. */
  clientEnded(): void {
    // This side ends when the last of the function's bytes are written, which may still be held here.
    if (this.#over) return;
    this.#parts.handle.end();
    this.#parts.watch.leave(this.#parts.socket);
  }

  #finish(last: Buffer | null): void {
    if (this.#over) return;
    const { socket, watch } = this.#parts;
    this.#leave();
    this.#writer.end(() => (last === null ? socket.end() : socket.end(last)));
    socket.resume();
    watch.leave(socket);
  }

  #leave(): void {
    this.#over = true;
    this.#parts.connection.ended(this);
  }
}
