import { createHash, type Hash } from "node:crypto";
import type { Bundle } from "./catalog.ts";
import type { Manifest } from "./manifest.ts";

/**
 * SHA-256 (hex) over manifest and bundles. The order of keys and of functions makes no difference; each part is preceded by
 * its length, so that no two uploads run into the same bytes.
 */
export function versionId(manifest: Manifest, bundles: Bundle[]): string {
  const hash = createHash("sha256").update("mayfly version 1\n");
  add(hash, canonicalJson(manifest));
  for (const bundle of bundles.toSorted(byFunction)) {
    add(hash, bundle.function);
    add(hash, bundle.format);
    add(hash, bundle.code);
  }
  return hash.digest("hex");
}

function add(hash: Hash, part: string | Uint8Array): void {
  const bytes = typeof part === "string" ? Buffer.from(part) : part;
  hash.update(`${bytes.byteLength}\n`).update(bytes);
}

function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    isRecord(inner) ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => compare(a, b))) : inner,
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function byFunction(a: Bundle, b: Bundle): number {
  return compare(a.function, b.function);
}

/** By code unit: the same on every host, whatever its locale. */
function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
