import { linkSync, rmSync, writeFileSync } from "node:fs";

/**
 * Creates a file that only its owner may read; an existing one is left alone. It is written under another name and linked into place, so
 * that a kill at any moment leaves no half file.
 */
export function makeOnce(file: string, content: string | Uint8Array): void {
  const aside = `${file}.${process.pid}`;
  try {
    writeFileSync(aside, content, { mode: 0o600, flush: true });
    linkSync(aside, file);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}
