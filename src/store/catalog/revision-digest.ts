import { createHash, type Hash } from "node:crypto";
import type { LargeDraft } from "../large-files/large-files.ts";
import { type Bundle, FILES, FILES_FORMAT } from "./catalog.ts";
import type { Manifest } from "./manifest.ts";

/** How many bytes of code are hashed, or written, in one turn of the event loop. */
export const PART_BYTES = 1_048_576;

/**
 * SHA-256 over manifest and bundles. The order of the manifest's keys makes no difference. The length of each part is hashed before the part, so that no
 * two uploads give the same bytes.
 */
export interface RevisionDigest {
  /** Comes before the code of each bundle; in the order of compare() by function. @param bytes of its code */
  bundle(name: string, format: string, bytes: number): void;
  code(part: Uint8Array): void;
  hex(): string;
}

export function beginDigest(manifest: Manifest): RevisionDigest {
  // The words are those of the first release, so that the digests that it stored stay valid.
  const hash = createHash("sha256").update("mayfly version 1\n");
  add(hash, canonicalJson(manifest));
  return {
    bundle(name, format, bytes) {
      add(hash, name);
      add(hash, format);
      hash.update(`${bytes}\n`);
    },
    code: (part) => void hash.update(part),
    hex: () => hash.digest("hex"),
  };
}

/** The digest (hex) of a revision that is put together of others. @param members in the order of the functions */
export function membersDigest(manifest: Manifest, members: ReadonlyMap<string, string>): string {
  const hash = createHash("sha256").update("mayfly members 1\n");
  add(hash, canonicalJson(manifest));
  add(hash, JSON.stringify([...members]));
  return hash.digest("hex");
}

/** The digest (hex) of a revision whose bundles are in memory; their order makes no difference. */
export function revisionDigest(manifest: Manifest, bundles: Bundle[]): string {
  const digest = beginDigest(manifest);
  for (const { function: name, format, code } of bundles.toSorted(byFunction)) {
    digest.bundle(name, format, code.byteLength);
    for (const part of inParts(code)) digest.code(part);
  }
  return digest.hex();
}

export interface Digests {
  /** The digest that revisionDigest() returns. */
  revision: string;
  /** SHA-256 (hex) over each bundle's code alone, in the order of the bundles. */
  code: string[];
}

/** Computes the revision's digest and the digest of each code, with a turn of the event loop for other work after each MiB. */
export async function digestsInTurns(manifest: Manifest, bundles: Bundle[], large?: LargeDraft): Promise<Digests> {
  const revision = beginDigest(manifest);
  // Their name sorts before all others.
  if (large !== undefined) addLarge(revision, large.digest, large.bytes);
  const digests = new Map<Bundle, string>();
  for (const bundle of bundles.toSorted(byFunction)) {
    revision.bundle(bundle.function, bundle.format, bundle.code.byteLength);
    const own = createHash("sha256");
    for (const part of inParts(bundle.code)) {
      revision.code(part);
      own.update(part);
      await nextTurn();
    }
    digests.set(bundle, own.digest("hex"));
  }
  return { revision: revision.hex(), code: bundles.map((bundle) => digests.get(bundle)!) };
}

/** Large files are a part of the revision's digest by their own digest, so that they need not be read to check it. @param bytes of list and contents */
export function addLarge(revision: RevisionDigest, digest: string, bytes: number): void {
  revision.bundle(FILES, FILES_FORMAT, bytes);
  revision.code(Buffer.from(digest));
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
