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

function started(secret: Source | undefined): Hash | Hmac {
  if (secret === undefined) return createHash("sha256");
  if (typeof secret === "string") return createHmac("sha256", secret);
  const bytes = ArrayBuffer.isView(secret) ? new Uint8Array(secret.buffer, secret.byteOffset, secret.byteLength) : new Uint8Array(secret);
  return createHmac("sha256", bytes);
}
