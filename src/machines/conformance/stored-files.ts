/** Files as a store has them, in both forms. */
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { planErofs } from "../../images/erofs/plan-erofs.ts";
import { filesDiskBytes } from "../../images/guest-layout.ts";
import type { StoredFiles } from "../driver.ts";

export function storeFiles(files: Record<string, string>): StoredFiles & { remove(): void } {
  const store = mkdtempSync(join(tmpdir(), "mayfly-stored-"));
  const [image, folder] = [join(store, "image"), join(store, "folder")];
  const contents = Object.entries(files).map(([path, text]) => ({ path, content: Buffer.from(text) }));
  const { head, places, size } = planErofs(contents.map(({ path, content }) => ({ path, bytes: content.length, executable: false })));
  const whole = Buffer.concat([head], size);
  for (const [at, { path, content }] of contents.entries()) {
    content.copy(whole, places[at]);
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  writeFileSync(image, whole);
  truncateSync(image, filesDiskBytes);
  return { path: async (form) => (form === "image" ? image : folder), remove: () => rmSync(store, { recursive: true }) };
}
