/** The keys that begin with a prefix, as a range of bytes: from `from` on, or after it, up to before `to`. */
export interface KeyRange {
  from: Uint8Array;
  to: Uint8Array;
}

/** Greater than each key: no byte of UTF-8 is 255. */
const END = Buffer.of(255);

export function keyRange(prefix: string): KeyRange {
  const from = Buffer.from(prefix);
  if (from.length === 0) return { from, to: END };
  const to = Buffer.from(from);
  // The last byte is below 255, so that this never runs over.
  to[to.length - 1]!++;
  return { from, to };
}

/** Which of the two is greater. */
export function isAfter(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) > 0;
}
