/**
 * Replaces Math.random with sfc32, reseeded at every resume, because V8 seeds Math.random once for each context, from state that every
 * clone of a template shares. Like the native one, it must not be used for secrets.
 */
let a = 1;
let b = 2;
let c = 3;
let counter = 1;

/** @param seed at least 16 random bytes */
export function reseedMathRandom(seed: Buffer): void {
  a = seed.readInt32LE(0);
  b = seed.readInt32LE(4);
  c = seed.readInt32LE(8);
  counter = seed.readInt32LE(12) | 1;
  for (let round = 0; round < 12; round++) next();
}

export function installMathRandom(): void {
  Object.defineProperty(Math, "random", { value: random, writable: true, configurable: true, enumerable: false });
}

/** 53 random bits, like the native one. */
function random(): number {
  return ((next() >>> 5) * 67_108_864 + (next() >>> 6)) / 9_007_199_254_740_992;
}

function next(): number {
  const result = (a + b + counter) | 0;
  counter = (counter + 1) | 0;
  a = b ^ (b >>> 9);
  b = (c + (c << 3)) | 0;
  c = (c << 21) | (c >>> 11);
  c = (c + result) | 0;
  return result;
}
