/** What an app's manifest has otherwise while the app is developed. */
import { kindOf, usualKind } from "../base/kind/machine-kind.ts";
import type { Manifest } from "../store/catalog/manifest.ts";
import { isFirstFrozen } from "../store/catalog/snapshot-of.ts";

/** Milliseconds: the longest that a manifest allows. */
const LONGEST_MS = 900_000;

/** Whoever looks at a function that is stopped takes longer than it may run. */
export function withoutHurry(manifest: Manifest): Manifest {
  const functions = Object.entries(manifest.functions).map(([name, own]) => [name, { ...own, timeoutMs: LONGEST_MS }] as const);
  return { ...manifest, timeoutMs: LONGEST_MS, functions: Object.fromEntries(functions) };
}

/** Of the usual kind a started machine waits on each server. Of others, such as Python's and Java's, one would wait only after a few saves, and the first saves would wait for its start. */
export function withBlank(manifest: Manifest): Manifest {
  const isUsual = kindOf(manifest, "linux").key === usualKind.key;
  return isUsual || manifest.reservedBlanks > 0 || isFirstFrozen(manifest) ? manifest : { ...manifest, reservedBlanks: 1 };
}
