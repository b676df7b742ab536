/**
 * The key of each app by which its URLs are signed, encrypted in the catalog.
 *
 * Owns: the keys that were used lately, in memory, because each call by a signed URL needs one.
 * 1. An app has no key before its first URL is signed, and at most one. Another key ends all URLs that were signed before.
 * 2. What is in memory is what is stored: every change goes through here.
 */
import { randomBytes } from "node:crypto";
import type { CatalogParts } from "./catalog-parts.ts";
import type { SigningKeys } from "./signing-keys.ts";

const KEY_BYTES = 32;
/** How many apps' keys are in memory; about 200 bytes each. */
const MOST_HELD = 10_000;
/** The place that a key is encrypted for; it cannot be the name of a secret. */
const SEALED_AS = "signing key";

export function createSigningKeys({ queries, seal, write }: Pick<CatalogParts, "queries" | "seal" | "write">): SigningKeys {
  /** The key that was read or made last is at the end. Null: the app has none. */
  const held = new Map<string, Uint8Array | null>();

  function hold(app: string, key: Uint8Array | null): void {
    held.delete(app);
    held.set(app, key);
    if (held.size > MOST_HELD) held.delete(held.keys().next().value!);
  }

  function stored(app: string): Uint8Array | null {
    const found = queries.secrets.signingKey(app);
    return found === undefined ? null : Buffer.from(seal.open(app, SEALED_AS, found.sealed), "base64url");
  }

  function rotate(app: string): Uint8Array {
    const key = randomBytes(KEY_BYTES);
    const sealed = seal.seal(app, SEALED_AS, key.toString("base64url"));
    write(() => void queries.secrets.setSigningKey(app, sealed));
    hold(app, key);
    return key;
  }

  function find(app: string): Uint8Array | undefined {
    const known = held.get(app);
    if (known !== undefined) return known ?? undefined;
    const key = stored(app);
    hold(app, key);
    return key ?? undefined;
  }

  return { find, ensure: (app) => find(app) ?? rotate(app), rotate, forget: (app) => void held.delete(app) };
}
