import { runProgram, type RunOptions } from "../run-program.ts";

/** Any fixed values do; they only must not vary. */
const timestamp = "0";
const uuid = "6d617966-6c79-4000-8000-000000000000";

/**
 * Packs a folder into an uncompressed, read-only erofs file system. Nothing of the host gets in: no times, owners or extended
 * attributes. Uncompressed, as machines share its pages through the host's page cache instead of unpacking it each.
 */
export async function makeErofs(tree: string, into: string, options: RunOptions = {}): Promise<void> {
  await runProgram("mkfs.erofs", ["--quiet", "-T", timestamp, "-U", uuid, "-x-1", "--all-root", into, tree], options);
}
