import type { Algorithm, Checksum, ChecksumType } from "./checksum.ts";
import { composed, joined } from "./digests.ts";

/** Undefined if a part has no checksum. */
export function checksumOfParts(
  { algorithm, type }: { algorithm: Algorithm; type: ChecksumType },
  parts: readonly { checksum: string | undefined; size: number }[],
): Checksum | undefined {
  const known = parts.flatMap(({ checksum, size }) => (checksum === undefined ? [] : [{ value: checksum, size }]));
  if (known.length < parts.length) return undefined;
  if (type === "FULL_OBJECT") return joined(algorithm, known);
  return composed(
    algorithm,
    known.map(({ value }) => value),
  );
}
