/** SHA-256, and HMAC with it, of node:crypto in the form that the signer asks for. */
import { createHash, createHmac, type Hash, type Hmac } from "node:crypto";

export type Source = string | ArrayBuffer | ArrayBufferView;

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
  return createHash("sha256").update(bytes).digest("hex");
}

function started(secret: Source | undefined): Hash | Hmac {
  if (secret === undefined) return createHash("sha256");
  return createHmac("sha256", typeof secret === "string" || ArrayBuffer.isView(secret) ? secret : new Uint8Array(secret));
}
