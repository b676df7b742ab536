/**
 * Checks whether a program in the cache is unchanged since it was first used. Disks lose bits, and a damaged program fails in ways that are
 * hard to understand.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, rename, writeFile } from "node:fs/promises";
import { pipeline } from "node:stream/promises";

/** @param record written if it does not exist: the package was checked against its hash when it was unpacked */
export async function isAsRecorded(program: string, record: string): Promise<boolean> {
  const found = await hashOf(program);
  const known = await readFile(record, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
    return undefined;
  });
  if (known !== undefined) return known === found;
  const draft = `${record}.${process.pid}`;
  await writeFile(draft, found);
  await rename(draft, record);
  return true;
}

async function hashOf(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file, { highWaterMark: 1_048_576 }), hash);
  return hash.digest("hex");
}
