/**
 * Encrypted content is in chunks of 64 KiB, each sealed by AES-256-GCM with 16 bytes behind it by which a change of the chunk is found. So a range reads only the chunks that it is in, and
 * nothing is handed over that was damaged. Each content has a key of its own and is written once: the number of a chunk is its nonce, which also binds the chunk to its place.
 */
import { createCipheriv, createDecipheriv } from "node:crypto";

export const CHUNK_BYTES = 65_536;
const TAG_BYTES = 16;
const SEALED_BYTES = CHUNK_BYTES + TAG_BYTES;
const NONCE_BYTES = 12;

/** Where a chunk begins in the file. */
export function placeOf(chunk: number): number {
  return chunk * SEALED_BYTES;
}

/** Encrypts bytes that begin with the chunk `first`; only the content's last bytes may be less than whole chunks. Each buffer has memory of its own. */
export function sealChunks(key: Buffer, first: number, bytes: Uint8Array): Buffer[] {
  const sealed: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    const cipher = createCipheriv("aes-256-gcm", key, nonceOf(first + at / CHUNK_BYTES));
    sealed.push(cipher.update(bytes.subarray(at, at + CHUNK_BYTES)));
    cipher.final();
    sealed.push(cipher.getAuthTag());
  }
  return sealed;
}

/** Decrypts chunks from `first` on. Null: they were changed, or it is not their key. Each buffer has memory of its own. */
export function openChunks(key: Buffer, first: number, sealed: Uint8Array): Buffer[] | null {
  const opened: Buffer[] = [];
  for (let at = 0; at < sealed.length; at += SEALED_BYTES) {
    const end = Math.min(at + SEALED_BYTES, sealed.length) - TAG_BYTES;
    if (end <= at) return null;
    const decipher = createDecipheriv("aes-256-gcm", key, nonceOf(first + at / SEALED_BYTES), { authTagLength: TAG_BYTES });
    decipher.setAuthTag(sealed.subarray(end, end + TAG_BYTES));
    opened.push(decipher.update(sealed.subarray(at, end)));
    try {
      decipher.final();
    } catch {
      return null;
    }
  }
  return opened;
}

function nonceOf(chunk: number): Buffer {
  const nonce = Buffer.alloc(NONCE_BYTES);
  nonce.writeUInt32BE(chunk, NONCE_BYTES - 4);
  return nonce;
}

/** Gives memory back at once: V8 would collect the whole heap for each 30 MB of such buffers, because they are much memory behind few objects. */
export function letGo(buffers: readonly Buffer[]): void {
  for (const { buffer, byteLength } of buffers) if (byteLength === buffer.byteLength && buffer instanceof ArrayBuffer) buffer.transfer(0);
}
