import { createHash, type Hash } from "node:crypto";
import type { Bundle } from "./catalog.ts";
import type { Manifest } from "./manifest.ts";

/** How many bytes of code are hashed, or written, in one turn of the event loop. */
const PART_BYTES = 1_048_576;

/**
 * SHA-256 (hex) over manifest and bundles. The order of keys and of functions makes no difference. The length of each part is hashed before
 * the part, so that no two uploads give the same bytes.
 */
export function revisionDigest(manifest: Manifest, bundles: Bundle[]): string {
  const digest = begin(manifest);
  for (const bundle of bundles.toSorted(byFunction)) for (const part of partsOf(digest, bundle)) digest.update(part);
  return digest.digest("hex");
}

export interface Digests {
  /** The same as revisionDigest() returns. */
  revision: string;
  /** SHA-256 (hex) over each bundle's code alone, in the order of the bundles. */
  code: string[];
}

/** Computes the revision's digest and the digest of each code, with a turn of the event loop for other work after each MiB. */
export async function digestsInTurns(manifest: Manifest, bundles: Bundle[]): Promise<Digests> {
  const revision = begin(manifest);
  const code = new Map<Bundle, string>();
  for (const bundle of bundles.toSorted(byFunction)) {
    const own = createHash("sha256");
    for (const part of partsOf(revision, bundle)) {
      revision.update(part);
      own.update(part);
      await nextTurn();
    }
    code.set(bundle, own.digest("hex"));
  }
  return { revision: revision.digest("hex"), code: bundles.map((bundle) => code.get(bundle)!) };
}

/** SHA-256 (hex) of code alone, by which stored code is found. */
export function codeDigest(code: Uint8Array): string {
  return createHash("sha256").update(code).digest("hex");
}

/** Gives views of the code, not copies; none if the code is empty. */
export function* inParts(code: Uint8Array): Generator<Uint8Array, void> {
  for (let at = 0; at < code.byteLength; at += PART_BYTES) yield code.subarray(at, at + PART_BYTES);
}

/** Lets everything else that waits for the event loop run first. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function begin(manifest: Manifest): Hash {
  // The words are those of the first release, so that the digests that it stored stay valid.
  const hash = createHash("sha256").update("mayfly version 1\n");
  add(hash, canonicalJson(manifest));
  return hash;
}

/** Hashes what precedes the code, then returns the code in parts. */
function partsOf(hash: Hash, bundle: Bundle): Generator<Uint8Array, void> {
  add(hash, bundle.function);
  add(hash, bundle.format);
  hash.update(`${bundle.code.byteLength}\n`);
  return inParts(bundle.code);
}

function add(hash: Hash, part: string): void {
  hash.update(`${Buffer.byteLength(part)}\n`).update(part);
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

/** Compares by UTF-16 code unit, which gives the same order on every host, whatever its locale. */
function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
