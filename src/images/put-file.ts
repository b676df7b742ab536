import { randomUUID } from "node:crypto";
import { rename, writeFile } from "node:fs/promises";

/** Writes a file so that it appears, or replaces the old one, as a whole, even if others write it at the same time. */
export async function putFile(path: string, data: string | Buffer): Promise<void> {
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, data, { mode: 0o444 });
  await rename(draft, path);
}
