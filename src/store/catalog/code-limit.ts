import { MayflyError } from "../../base/errors/error.ts";
import { Limit } from "../../wire/protocol.ts";

/** The most bytes of code and files that go through a machine's channel. */
export const FRAMES_BYTES = Limit.code;

/** @param sizes the sizes of all functions of one revision, in bytes. Throws "code-too-large". */
export function refuseTooLarge(sizes: number[]): void {
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  if (bytes > Limit.code) throw new MayflyError("code-too-large", { bytes, limit: Limit.code });
}
