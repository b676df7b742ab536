/** SHA-256, and HMAC with it, of node:crypto in the form that the signer asks for. */
import { createHash, createHmac, hash, type Hash, type Hmac } from "node:crypto";

type Source = string | ArrayBuffer | ArrayBufferView;

export class Sha256 {
  readonly #secret: Source | undefined;
  #hash: Hash | Hmac;

  constructor(secret?: Source) {
    this.#secret = secret;
    this.#hash = started(secret);
  }

  update(chunk: Uint8Array): void {
    this.#hash.update(chunk);
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest());
  }

  reset(): void {
    this.#hash = started(this.#secret);
  }
}

export function sha256Hex(bytes: Uint8Array): string {
  return hash("sha256", bytes);
}

/** SHA-256's block, bytes. */
const BLOCK = 64;
const [INNER, OUTER] = [0x36, 0x5c];

/** Of node:crypto's hash alone: an object for one HMAC takes longer to be made than all the rest of a check. @param key of at most BLOCK bytes */
export function hmacSha256Hex(key: Uint8Array, text: string): string {
  const inner = padded(key, INNER, Buffer.byteLength(text));
  inner.write(text, BLOCK);
  const outer = padded(key, OUTER, 32);
  outer.set(hash("sha256", inner, "buffer"), BLOCK);
  return hash("sha256", outer);
}

/** The key's block, with room for so many bytes. */
function padded(key: Uint8Array, pad: number, more: number): Buffer {
  if (key.length > BLOCK) throw new RangeError(`a key of ${key.length} bytes`);
  const bytes = Buffer.allocUnsafe(BLOCK + more).fill(pad, 0, BLOCK);
  for (let at = 0; at < key.length; at++) bytes[at] = key[at]! ^ pad;
  return bytes;
}

function started(secret: Source | undefined): Hash | Hmac {
  if (secret === undefined) return createHash("sha256");
  if (typeof secret === "string") return createHmac("sha256", secret);
  const bytes = ArrayBuffer.isView(secret) ? new Uint8Array(secret.buffer, secret.byteOffset, secret.byteLength) : new Uint8Array(secret);
  return createHmac("sha256", bytes);
}
