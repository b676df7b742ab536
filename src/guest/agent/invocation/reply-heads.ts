/**
 * Writes the heads of replies.
 *
 * Owns: the last head that was written. Many functions reply with the same head to every call, which is then not checked and put together again.
 */
import { encodeResponseHead } from "../../../wire/head.ts";

type Encoded = ReturnType<typeof encodeResponseHead>;

export class ReplyHeads {
  #status = 0;
  #headers: readonly string[] = [];
  #encoded: Encoded = { wrong: "nothing was written" };

  /** As encodeResponseHead(), for a caller that did not ask for another protocol. */
  encode(status: number, headers: string[]): Encoded {
    if (status === this.#status && this.#isLast(headers)) return this.#encoded;
    const encoded = encodeResponseHead(status, headers);
    this.#status = status;
    this.#headers = headers.slice();
    this.#encoded = encoded;
    return encoded;
  }

  #isLast(headers: readonly string[]): boolean {
    const last = this.#headers;
    if (headers.length !== last.length) return false;
    for (let at = 0; at < headers.length; at++) if (headers[at] !== last[at]) return false;
    return true;
  }
}
