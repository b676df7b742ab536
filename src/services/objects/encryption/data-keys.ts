/**
 * Each content that is encrypted has a data key of its own, 32 random bytes. It is kept with the content's place, sealed with a root key: the server's, or one that a customer
 * sends with each request. A copy of an object has the same content and the same data key, sealed with its own root key.
 *
 * A root key seals by AES-256-GCM with a key that follows from it (HKDF) and from a salt of its own for each data key. So no key is used twice, however many objects there are, and
 * a nonce of zeros does. What is sealed is bound to the content's name.
 */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes, timingSafeEqual } from "node:crypto";

export const KEY_BYTES = 32;
const SALT_BYTES = 16;
const TAG_BYTES = 16;
const NONCE = Buffer.alloc(12);

export function newDataKey(): Buffer {
  return randomBytes(KEY_BYTES);
}

/** Salt, tag and the encrypted key, in base64. @param file the name of the content */
export function sealDataKey(root: Buffer, file: string, dataKey: Buffer): string {
  const salt = randomBytes(SALT_BYTES);
  const cipher = createCipheriv("aes-256-gcm", sealingKey(root, salt), NONCE).setAAD(Buffer.from(file));
  const sealed = Buffer.concat([cipher.update(dataKey), cipher.final()]);
  return Buffer.concat([salt, cipher.getAuthTag(), sealed]).toString("base64");
}

/** Null: the root key is another one, or what was sealed was changed or belongs to another content. */
export function openDataKey(root: Buffer, file: string, sealed: string): Buffer | null {
  const bytes = Buffer.from(sealed, "base64");
  if (bytes.length !== SALT_BYTES + TAG_BYTES + KEY_BYTES) return null;
  const [salt, tag] = [bytes.subarray(0, SALT_BYTES), bytes.subarray(SALT_BYTES, SALT_BYTES + TAG_BYTES)];
  const decipher = createDecipheriv("aes-256-gcm", sealingKey(root, salt), NONCE, { authTagLength: TAG_BYTES })
    .setAAD(Buffer.from(file))
    .setAuthTag(tag);
  try {
    return Buffer.concat([decipher.update(bytes.subarray(SALT_BYTES + TAG_BYTES)), decipher.final()]);
  } catch {
    return null;
  }
}

/** What a customer's key is recognized by, in base64. It tells nothing of the key to whoever cannot try all keys. */
export interface KeyCheck {
  salt: string;
  check: string;
}

export function newKeyCheck(key: Buffer): KeyCheck {
  const salt = randomBytes(SALT_BYTES);
  return { salt: salt.toString("base64"), check: checkOf(key, salt).toString("base64") };
}

export function isKeyOf({ salt, check }: KeyCheck, key: Buffer): boolean {
  const [found, wanted] = [checkOf(key, Buffer.from(salt, "base64")), Buffer.from(check, "base64")];
  return found.length === wanted.length && timingSafeEqual(found, wanted);
}

function checkOf(key: Buffer, salt: Buffer): Buffer {
  return createHmac("sha256", key).update("mayfly: whether it is the key of an object\n").update(salt).digest();
}

function sealingKey(root: Buffer, salt: Buffer): Buffer {
  return Buffer.from(hkdfSync("sha256", root, salt, "mayfly: the key of an object's content", KEY_BYTES));
}
