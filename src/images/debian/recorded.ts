/** Whether a program in the cache is still what it was when it was first taken: disks lose bits, and a program that has lost some fails in ways that nobody understands. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, rename, writeFile } from "node:fs/promises";
import { pipeline } from "node:stream/promises";

/** @param record made where there is none: the package was held against its own hash when it was unpacked */
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
