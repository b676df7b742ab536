/** Returns the least text, in the order of code points, that is greater than all texts with this beginning; null: there is none. */
export function afterPrefix(prefix: string): string | null {
  const points = Array.from(prefix, (sign) => sign.codePointAt(0)!);
  while (points.length > 0) {
    const last = points.pop()!;
    if (last === LAST) continue;
    // Half of a pair is no code point of a text.
    const next = last === BEFORE_PAIRS ? AFTER_PAIRS : last + 1;
    return String.fromCodePoint(...points, next);
  }
  return null;
}

const LAST = 0x10ffff;
const BEFORE_PAIRS = 0xd7ff;
const AFTER_PAIRS = 0xe000;
