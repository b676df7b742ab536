/**
 * Reads the heads of one machine's responses.
 *
 * Owns: the last head that was read. Many functions reply with the same head to every call, which is then not checked and cut up again.
 */
import { decodeResponseHead, type ResponseHead, SWITCHING } from "./head.ts";

/** The length, in bytes, of the longest head that is kept. */
const MOST_BYTES = 1_024;

export class ResponseHeads {
  #text = "";
  #status = 0;
  #headers: readonly string[] = [];

  /** As decodeResponseHead(). The list of headers belongs to the caller. */
  read(text: string, maySwitch: boolean): ResponseHead | string {
    if (this.#status !== 0 && text === this.#text) return { status: this.#status, headers: this.#headers.slice() };
    const head = decodeResponseHead(text, maySwitch);
    if (typeof head !== "string" && head.status !== SWITCHING && text.length <= MOST_BYTES) {
      this.#text = text;
      this.#status = head.status;
      this.#headers = head.headers.slice();
    }
    return head;
  }
}
