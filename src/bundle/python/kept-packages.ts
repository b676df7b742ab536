/**
 * The packages that an app requires, installed once for as long as its requirements are the same.
 *
 * Owns: a folder of installed packages, from the first installation until close().
 */
import { rm } from "node:fs/promises";
import { makeDraftFolder } from "../../images/draft-folder.ts";

export class KeptPackages {
  #kept: { key: string; folder: string } | undefined;

  /**
   * @param key of what is required @param parent a folder for the packages' folder @param install installs them into a folder. What it rejects with is passed on, and nothing is kept then.
   * @returns the folder
   */
  async installed(key: string, parent: string, install: (folder: string) => Promise<void>): Promise<string> {
    if (this.#kept?.key === key) return this.#kept.folder;
    await this.close();
    const folder = await makeDraftFolder(parent);
    try {
      await install(folder);
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
    this.#kept = { key, folder };
    return folder;
  }

  async close(): Promise<void> {
    const kept = this.#kept;
    this.#kept = undefined;
    if (kept !== undefined) await rm(kept.folder, { recursive: true, force: true });
  }
}
