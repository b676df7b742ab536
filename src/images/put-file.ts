import { randomUUID } from "node:crypto";
import { rename, writeFile } from "node:fs/promises";

/** Writes a file that appears whole, or replaces the old one whole, whoever else writes it at the time. */
export async function putFile(path: string, data: string | Buffer): Promise<void> {
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, data, { mode: 0o444 });
  await rename(draft, path);
}
