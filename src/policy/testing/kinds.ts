import type { OpaqueKind } from "../policy.ts";

/** For tests: a kind of this size, and of an image that tells it from kinds of the same size. */
export function opaque(memoryMb: number, image = ""): OpaqueKind {
  return { key: `${image}${memoryMb} MB`, memoryMb, vcpus: 1 };
}

/** For tests: the kind of machines that ask for none in particular. */
export const USUAL = opaque(256);
