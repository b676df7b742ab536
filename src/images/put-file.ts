import { randomUUID } from "node:crypto";
import { rename, writeFile } from "node:fs/promises";

/** Writes a file so that it appears, or replaces the old one, as a whole, even if others write it at the same time. */
export async function putFile(path: string, data: string | Buffer, mode = 0o444): Promise<void> {
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, data, { mode });
  await rename(draft, path);
}
