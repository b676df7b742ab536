/**
 * Which version of HTTP a new connection speaks. Over TLS, the handshake has settled it. Without TLS, a client of HTTP/2 that knows beforehand what it talks to
 * begins with a text that no request of HTTP/1.1 begins with (RFC 9113, 3.4), so the first bytes decide.
 */
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { guarded } from "../../../base/errors/guarded.ts";

const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
/** Clients of HTTP/2 send the first bytes at once. After that time a silent connection is one of HTTP/1.1, whose own time limits it then has. */
const SILENT_MS = 1_000;

export interface Versions {
  http1: (socket: Socket) => void;
  http2: (socket: Socket) => void;
}

export class ProtocolChoice {
  readonly #versions: Versions;
  readonly #after: (ms: number, callback: () => void) => () => void;
  /** Connections without TLS that have not sent enough to decide by. */
  readonly #undecided = new Set<Socket>();

  /** @param after calls back after that many milliseconds, and returns what takes that back */
  constructor(versions: Versions, after: (ms: number, callback: () => void) => () => void) {
    this.#versions = versions;
    this.#after = after;
  }

  byHandshake(socket: TLSSocket): void {
    if (socket.alpnProtocol === "h2") this.#versions.http2(socket);
    else this.#versions.http1(socket);
  }

  /** The bytes that decide are put back, so that whoever takes the connection reads them again. */
  byFirstBytes(socket: Socket): void {
    let begun: Buffer = Buffer.alloc(0);
    const decide = (version: (socket: Socket) => void) => {
      undecided();
      socket.off("readable", look);
      socket.off("end", cutOff);
      socket.off("error", cutOff);
      socket.off("close", undecided);
      if (begun.length > 0) socket.unshift(begun);
      version(socket);
    };
    const cut = () => socket.destroy();
    const onReadable = () => {
      const bytes = socket.read() as Buffer | null;
      if (bytes === null) return;
      begun = begun.length === 0 ? bytes : Buffer.concat([begun, bytes]);
      const compared = Math.min(begun.length, PREFACE.length);
      if (!begun.subarray(0, compared).equals(PREFACE.subarray(0, compared))) decide(this.#versions.http1);
      else if (compared === PREFACE.length) decide(this.#versions.http2);
    };
    const look = guarded(onReadable, cut);
    // A client that ends its side without a request gets no answer.
    const cutOff = guarded(cut, cut);
    const undecided = guarded(() => {
      this.#undecided.delete(socket);
      cancel();
    }, cut);
    const cancel = this.#after(
      SILENT_MS,
      guarded(() => decide(this.#versions.http1), cut),
    );
    this.#undecided.add(socket);
    socket.on("readable", look);
    socket.on("end", cutOff);
    socket.on("error", cutOff);
    socket.on("close", undecided);
  }

  /** Closes the connections that have not sent enough. */
  cutUndecided(): void {
    for (const socket of this.#undecided) socket.destroy();
  }
}
