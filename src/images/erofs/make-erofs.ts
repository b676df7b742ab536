import { runProgram, type RunOptions } from "../run-program.ts";

/** Any fixed value works, as long as it never changes. */
const timestamp = "0";
const uuid = "6d617966-6c79-4000-8000-000000000000";

/**
 * Packs a folder into an uncompressed, read-only erofs file system. Nothing of the host is included: no times, owners or extended
 * attributes. It is uncompressed so that machines share its pages through the host's page cache, instead of each unpacking them.
 */
export async function makeErofs(tree: string, into: string, options: RunOptions = {}): Promise<void> {
  const [program, ...args] = erofsCommand(tree, into);
  await runProgram(program, args, options);
}

/** The command by which makeErofs() packs. */
export function erofsCommand(tree: string, into: string): [string, ...string[]] {
  return ["mkfs.erofs", "--quiet", "-T", timestamp, "-U", uuid, "-x-1", "--all-root", into, tree];
}
