/**
 * Reads bodies of the coding aws-chunked, in which AWS's clients send content whose checksum, or signature, they know only at its end. A chunk's signature is known when
 * its last byte has come: its bytes are handed on before, and whoever takes them keeps nothing if this throws later.
 */
import { createHash, createHmac, type Hash } from "node:crypto";
import { S3Error } from "../s3-error.ts";
import { type ChunkSeed, equal } from "./authenticate.ts";

export interface ChunkedOptions {
  /** With which the chunks' signatures begin; undefined: they are not signed. */
  seed: ChunkSeed | undefined;
  /** Whether headers come after the last chunk. */
  hasTrailers: boolean;
  /** The bytes of the content, as the head says. */
  size: number;
}

const MOST_LINE = 16_384;
const EMPTY = createHash("sha256").digest("hex");

/** Throws an S3Error. @param trailers gets what comes after the content; names in lower case */
export async function* dechunked(
  source: AsyncIterable<Uint8Array>,
  { seed, hasTrailers, size }: ChunkedOptions,
  trailers: Map<string, string>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const input = new Input(source);
  let previous = seed?.signature ?? "";
  let sum = 0;
  for (;;) {
    const line = await input.line();
    const [, hex, signature] = /^([0-9a-f]{1,8})(?:;chunk-signature=([0-9a-f]{64}))?$/i.exec(line) ?? [];
    if (hex === undefined || (seed !== undefined && signature === undefined)) throw new S3Error("IncompleteBody");
    let left = Number.parseInt(hex, 16);
    const isLast = left === 0;
    const hash = seed === undefined ? undefined : createHash("sha256");
    sum += left;
    if (sum > size) throw new S3Error("IncompleteBody");
    while (left > 0) {
      const bytes = await input.some(left);
      left -= bytes.length;
      hash?.update(bytes);
      yield bytes;
    }
    if (seed !== undefined) previous = checkedChunk(seed, previous, signature!, hash!);
    if (isLast) break;
    if ((await input.line()) !== "") throw new S3Error("IncompleteBody");
  }
  if (sum !== size) throw new S3Error("IncompleteBody", { NumberBytesExpected: size, NumberBytesProvided: sum });
  await readTrailers(input, { seed, hasTrailers }, previous, trailers);
}

async function readTrailers(
  input: Input,
  { seed, hasTrailers }: Pick<ChunkedOptions, "seed" | "hasTrailers">,
  previous: string,
  trailers: Map<string, string>,
): Promise<void> {
  let signed = "";
  let signature: string | undefined;
  for (;;) {
    const line = await input.lastLine();
    if (line === "") break;
    const at = line.indexOf(":");
    if (at < 1 || !hasTrailers || trailers.size > 20) throw new S3Error("MalformedTrailerError");
    const [name, value] = [line.slice(0, at).trim().toLowerCase(), line.slice(at + 1).trim()];
    if (name === "x-amz-trailer-signature") {
      signature = value;
      continue;
    }
    trailers.set(name, value);
    signed += `${name}:${value}\n`;
  }
  if (seed === undefined || !hasTrailers) return;
  const text = ["AWS4-HMAC-SHA256-TRAILER", seed.date, seed.scope, previous, createHash("sha256").update(signed).digest("hex")].join("\n");
  if (signature === undefined || !equal(signature, hmac(seed, text))) throw new S3Error("SignatureDoesNotMatch");
}

function checkedChunk(seed: ChunkSeed, previous: string, signature: string, hash: Hash): string {
  const text = ["AWS4-HMAC-SHA256-PAYLOAD", seed.date, seed.scope, previous, EMPTY, hash.digest("hex")].join("\n");
  if (!equal(signature, hmac(seed, text))) throw new S3Error("SignatureDoesNotMatch");
  return signature;
}

function hmac({ key }: ChunkSeed, text: string): string {
  return createHmac("sha256", key).update(text).digest("hex");
}

/** Bytes as they come, taken by lines and by numbers. */
class Input {
  readonly #source: AsyncIterator<Uint8Array>;
  #bytes: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** At least one byte, and at most so many. */
  async some(most: number): Promise<Buffer> {
    while (this.#bytes.length === 0) if (!(await this.#more())) throw new S3Error("IncompleteBody");
    const taken = this.#bytes.subarray(0, most);
    this.#bytes = this.#bytes.subarray(taken.length);
    return taken;
  }

  async line(): Promise<string> {
    const line = await this.#line();
    if (line === null) throw new S3Error("IncompleteBody");
    return line;
  }

  /** Empty at the end of all bytes. */
  async lastLine(): Promise<string> {
    return (await this.#line()) ?? "";
  }

  async #line(): Promise<string | null> {
    for (;;) {
      const end = this.#bytes.indexOf("\n");
      if (end >= 0) {
        const line = this.#bytes.toString("latin1", 0, end).replace(/\r$/, "");
        this.#bytes = this.#bytes.subarray(end + 1);
        return line;
      }
      if (this.#bytes.length > MOST_LINE) throw new S3Error("IncompleteBody");
      if (!(await this.#more())) return null;
    }
  }

  async #more(): Promise<boolean> {
    const { done, value } = await this.#source.next();
    if (done === true) return false;
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    this.#bytes = this.#bytes.length === 0 ? bytes : Buffer.concat([this.#bytes, bytes]);
    return true;
  }
}
