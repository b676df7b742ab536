/**
 * Whether bytes fit a pattern of Redis: * ? [a-c] [^a] and \ before what is meant as it is. It goes back to the last star alone, so that a pattern with many stars takes no
 * longer than its length times that of the bytes.
 */
export function fitsGlob(pattern: Uint8Array, bytes: Uint8Array): boolean {
  let [p, at] = [0, 0];
  let [starP, starAt] = [-1, 0];
  while (at < bytes.length) {
    const next = p < pattern.length && pattern[p] !== STAR ? oneAt(pattern, p, bytes[at]!) : -1;
    if (p < pattern.length && pattern[p] === STAR) [starP, starAt, p] = [p, at, p + 1];
    else if (next > 0) [p, at] = [next, at + 1];
    else if (starP >= 0) [p, at] = [starP + 1, ++starAt];
    else return false;
  }
  while (p < pattern.length && pattern[p] === STAR) p++;
  return p === pattern.length;
}

// * ? [ ] ^ - and \
const [STAR, ANY, OPEN, CLOSE, NOT, DASH, ESCAPE] = [42, 63, 91, 93, 94, 45, 92] as const;

/** Where the pattern goes on if its part at `p` fits the byte; -1: it does not. */
function oneAt(pattern: Uint8Array, p: number, byte: number): number {
  if (pattern[p] === ANY) return p + 1;
  if (pattern[p] === OPEN) return setAt(pattern, p + 1, byte);
  if (pattern[p] === ESCAPE && p + 1 < pattern.length) p++;
  return pattern[p] === byte ? p + 1 : -1;
}

function setAt(pattern: Uint8Array, p: number, byte: number): number {
  const isNot = pattern[p] === NOT;
  if (isNot) p++;
  let isIn = false;
  for (; p < pattern.length && pattern[p] !== CLOSE; p++) {
    if (pattern[p] === ESCAPE && p + 1 < pattern.length) isIn = pattern[++p] === byte || isIn;
    else if (pattern[p + 1] === DASH && p + 2 < pattern.length) {
      const [from, to] = [Math.min(pattern[p]!, pattern[p + 2]!), Math.max(pattern[p]!, pattern[p + 2]!)];
      isIn = (byte >= from && byte <= to) || isIn;
      p += 2;
    } else isIn = pattern[p] === byte || isIn;
  }
  return isIn === isNot ? -1 : Math.min(p + 1, pattern.length);
}
