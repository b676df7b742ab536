/** Makes a state folder of a backup, for a server that is started there afterwards. */
import { existsSync, lstatSync, readdirSync, realpathSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { MayflyError } from "../base/errors/error.ts";
import { failureOf } from "../store/sqlite/failure.ts";
import { lockStateFolder } from "../store/state-folder/lock.ts";
import { makeFolder } from "../store/state-folder/make-folder.ts";
import { type BackupFile, type BackupList, LIST, readBackupList } from "./backup-list.ts";
import { copyInto, foldersOnDisk, giveToOwner, onDisk, sha256Of, sizeOf } from "./copy-files.ts";

/** What a restore that was ended left. A server does not look at it. */
const DRAFT = "restoring";
const LOCKS = /^(server|backup)\.(lock|json)(-journal)?$/;

/**
 * Rejects with "bad-backup", "state-not-empty", "state-locked" and "disk-full". The state folder is as it was then.
 * @param folder the backup @param stateDir missing or empty
 */
export async function restoreBackup(folder: string, stateDir: string): Promise<BackupList> {
  const list = readBackupList(resolve(folder));
  await assertWhole(folder, list.files);
  makeFolder(stateDir, 0o700);
  const lock = lockStateFolder(stateDir);
  const draft = join(stateDir, DRAFT);
  try {
    rmSync(draft, { recursive: true, force: true });
    if (readdirSync(stateDir).some((name) => !LOCKS.test(name))) throw new MayflyError("state-not-empty", { dir: stateDir });
    makeFolder(draft, 0o700);
    for (const { path } of list.files) await copyInto(folder, draft, path);
    giveToOwner(
      draft,
      list.files.map(({ path }) => path),
      statSync(stateDir),
    );
    await foldersOnDisk(draft);
    await putInPlace(draft, stateDir);
    return list;
  } catch (error) {
    throw failureOf(error, stateDir);
  } finally {
    rmSync(draft, { recursive: true, force: true });
    lock.release();
  }
}

/** Throws "bad-backup" if a file is missing or is not what was copied. A backup has no links: one would have other files of the host restored as the server's. */
export async function assertWhole(folder: string, files: readonly BackupFile[]): Promise<void> {
  const real = realpathSync(folder);
  for (const { path, bytes, sha256 } of files) {
    const file = join(folder, path);
    if (!existsSync(file)) throw new MayflyError("bad-backup", { folder, what: `${path} is missing` });
    if (realpathSync(file) !== join(real, path) || !lstatSync(file).isFile())
      throw new MayflyError("bad-backup", { folder, what: `${path} is a link, or no file` });
    const there = await sizeOf(file);
    if (there !== bytes) throw new MayflyError("bad-backup", { folder, what: `${path} has ${there} bytes in place of ${bytes}` });
    if (sha256 !== undefined && (await sha256Of(file)) !== sha256)
      throw new MayflyError("bad-backup", { folder, what: `${path} is not what ${LIST} says: its SHA-256 is another` });
  }
}

/** The catalog comes last: without it, the folder is none that a server takes for whole. */
async function putInPlace(draft: string, stateDir: string): Promise<void> {
  const names = readdirSync(draft);
  for (const name of [...names.filter((each) => each !== "catalog.db"), "catalog.db"]) renameSync(join(draft, name), join(stateDir, name));
  await onDisk(stateDir);
  await onDisk(dirname(resolve(stateDir)));
}
