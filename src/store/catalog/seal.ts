/**
 * Encrypts secrets at rest with AES-256-GCM and a fresh nonce for each value. A value is bound to its owner's id and to its name, so that
 * it cannot be decrypted in another row. The key is a file of its own, so that a copied catalog alone reveals nothing.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { MayflyError } from "../../base/errors/error.ts";
import { failureText } from "../../base/errors/failure-text.ts";
import { makeOnce } from "../state-folder/make-once.ts";

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** `owner` is the id of an app or appliance. */
export interface Seal {
  /** nonce, tag, ciphertext */
  seal(owner: string, name: string, value: string): Buffer;
  /** Throws "secret-key-unusable" if the value was encrypted with another key or for another place, or was changed since. */
  open(owner: string, name: string, sealed: Uint8Array): string;
  /** Returns another key of 32 bytes, which follows from this one and what it is for. */
  keyFor(purpose: string): Buffer;
}

/** @param mayCreate false if something exists that the key has encrypted, because a new one could not decrypt it */
export function openSeal(keyFile: string, mayCreate: boolean): Seal {
  const key = readKey(keyFile, mayCreate);
  return {
    seal(owner, name, value) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(place(owner, name));
      const text = Buffer.concat([cipher.update(value, "utf8"), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), text]);
    },
    open(owner, name, sealed) {
      const nonce = sealed.subarray(0, NONCE_BYTES);
      const tag = sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES);
      const text = sealed.subarray(NONCE_BYTES + TAG_BYTES);
      try {
        const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG_BYTES })
          .setAAD(place(owner, name))
          .setAuthTag(tag);
        return decipher.update(text, undefined, "utf8") + decipher.final("utf8");
      } catch (error) {
        throw new MayflyError("secret-key-unusable", { file: basename(keyFile), what: `it does not open the secret ${name}` }, error);
      }
    },
    keyFor: (purpose) => Buffer.from(hkdfSync("sha256", key, "", `mayfly: ${purpose}`, KEY_BYTES)),
  };
}

/** Encrypts a value again for another owner. A value that cannot be decrypted stays as it is, and as unusable as it was. */
export function sealedAnew(seal: Seal, name: string, from: string, to: string, sealed: Uint8Array): Uint8Array {
  try {
    return seal.seal(to, name, seal.open(from, name, sealed));
  } catch (error) {
    if (error instanceof MayflyError && error.code === "secret-key-unusable") return sealed;
    throw error;
  }
}

function readKey(file: string, mayCreate: boolean): Buffer {
  if (!existsSync(file)) {
    if (!mayCreate)
      throw new MayflyError("secret-key-unusable", {
        file: basename(file),
        what: "it is missing, and what it has sealed, such as secrets or encrypted objects, is there",
      });
    createKey(file);
  }
  const key = read(file);
  if (key.length === KEY_BYTES) return key;
  throw new MayflyError("secret-key-unusable", { file: basename(file), what: `it has ${key.length} bytes instead of ${KEY_BYTES}` });
}

function createKey(file: string): void {
  try {
    makeOnce(file, randomBytes(KEY_BYTES));
  } catch (error) {
    throw unusable(file, error);
  }
}

function read(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw unusable(file, error);
  }
}

function unusable(file: string, error: unknown): MayflyError {
  return new MayflyError("secret-key-unusable", { file: basename(file), what: failureText(error) }, error);
}

/** The additional data that binds a value to its place. No id or name contains a newline. */
function place(owner: string, name: string): Buffer {
  return Buffer.from(`${owner}\n${name}`);
}
