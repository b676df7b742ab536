/** Gives every random source that a clone shares with its siblings bytes of its own. */
import { openSync } from "node:fs";
import { nativeCall } from "./native.ts";
import { reseedMathRandom } from "./math-random.ts";

/** _IOW('R', 3, int[2]) and _IO('R', 7) of linux/random.h. */
const RNDADDENTROPY = 0x40085203n;
const RNDRESEEDCRNG = 0x5207n;
/** How many of the 64 bytes the kernel gets; OpenSSL gets as many. */
const KERNEL_BYTES = 24;

/**
 * Each source gets different bytes, so that none reveals another's.
 * @param entropy 64 fresh random bytes
 * @param kernel whether this machine has a kernel of its own to reseed
 * @returns sentences on what failed; empty if nothing did
 */
export function spreadEntropy(entropy: Buffer, kernel: boolean): string[] {
  const failures: string[] = [];
  if (kernel) failures.push(...reseedKernel(entropy.subarray(0, KERNEL_BYTES)));
  // OpenSSL is reseeded after the kernel, because it then takes a seed from the kernel as well.
  failures.push(...reseedTls(entropy.subarray(KERNEL_BYTES, 2 * KERNEL_BYTES)));
  reseedMathRandom(entropy.subarray(2 * KERNEL_BYTES));
  return failures;
}

/** struct rand_pool_info: bits of entropy, bytes, bytes… */
const pool = Buffer.alloc(8 + KERNEL_BYTES);
pool.writeInt32LE(KERNEL_BYTES * 8, 0);
pool.writeInt32LE(KERNEL_BYTES, 4);
let device: number | undefined;

function reseedKernel(bytes: Buffer): string[] {
  const ioctl = nativeCall("ioctl");
  if (ioctl === undefined) return ["no ioctl: the kernel's random source was not reseeded"];
  // The device stays open for the next resume.
  device ??= openSync("/dev/urandom", "r");
  bytes.copy(pool, 8);
  if (ioctl(device, RNDADDENTROPY, pool) !== 0) return ["RNDADDENTROPY was refused"];
  if (ioctl(device, RNDRESEEDCRNG, pool) !== 0) return ["RNDRESEEDCRNG was refused"];
  return [];
}

function reseedTls(bytes: Buffer): string[] {
  const add = nativeCall("RAND_add");
  if (add === undefined) return ["no RAND_add: OpenSSL was not reseeded"];
  add(bytes, bytes.length, bytes.length);
  return [];
}
