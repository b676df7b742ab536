/** Replies in Redis' protocol, in its second or its third version. */
import type { Reply } from "../../services/kv/redis/commands.ts";

export type Protocol = 2 | 3;

/** Texts that are longer are not copied. */
const COPIED = 4_096;

/** @param use called with the parts of the replies, in their order */
export function encodeReplies(replies: readonly Reply[], protocol: Protocol, use: (part: Buffer) => void): void {
  const encoder = new Encoder(protocol, use);
  for (const reply of replies) encoder.add(reply);
  encoder.end();
}

class Encoder {
  readonly #isThird: boolean;
  readonly #use: (part: Buffer) => void;
  /** Bytes as letters. */
  #text = "";

  constructor(protocol: Protocol, use: (part: Buffer) => void) {
    this.#isThird = protocol === 3;
    this.#use = use;
  }

  add(reply: Reply): void {
    if (reply === null) return this.#put(this.#isThird ? "_" : "$-1");
    if (typeof reply === "number" || typeof reply === "bigint") return this.#put(`:${reply}`);
    if (reply instanceof Uint8Array) return this.#bytes(reply);
    if (Array.isArray(reply)) return this.#list("*", reply.length, reply);
    if ("status" in reply) return this.#put(`+${oneLine(reply.status)}`);
    if ("error" in reply) return this.#put(`-${oneLine(reply.error)}`);
    if ("noList" in reply) return this.#put(this.#isThird ? "_" : "*-1");
    if ("members" in reply) return this.#list(this.#isThird ? "~" : "*", reply.members.length, reply.members);
    if ("twos" in reply) return this.#twos(reply.twos);
    if (this.#isThird) return this.#list("%", reply.pairs.length / 2, reply.pairs);
    return this.#list("*", reply.pairs.length, reply.pairs);
  }

  end(): void {
    if (this.#text !== "") this.#use(Buffer.from(this.#text, "latin1"));
    this.#text = "";
  }

  #put(text: string): void {
    this.#text += `${text}\r\n`;
  }

  #bytes(bytes: Uint8Array): void {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#put(`$${bytes.length}`);
    if (bytes.length <= COPIED) return this.#put(buffer.toString("latin1"));
    this.end();
    this.#use(buffer);
    this.#text = "\r\n";
  }

  #list(kind: string, length: number, replies: readonly Reply[]): void {
    this.#put(`${kind}${length}`);
    for (const reply of replies) this.add(reply);
  }

  #twos(replies: readonly Reply[]): void {
    if (!this.#isThird) return this.#list("*", replies.length, replies);
    this.#put(`*${replies.length / 2}`);
    for (let at = 0; at < replies.length; at += 2) this.#list("*", 2, replies.slice(at, at + 2));
  }
}

/** In UTF-8, a byte for each letter. */
function oneLine(text: string): string {
  return Buffer.from(text.replaceAll(/[\r\n]+/g, " ")).toString("latin1");
}
