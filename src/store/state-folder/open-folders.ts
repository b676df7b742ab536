/**
 * The folders that a server needs, opened before anything is read from them. A missing one is created; one that others could read or write
 * is mended or refused.
 */
import { accessSync, chmodSync, constants, existsSync, lstatSync, readdirSync, rmdirSync, type Stats, statSync } from "node:fs";
import { join } from "node:path";
import { MayflyError } from "../../base/errors/error.ts";
import { makeFolder } from "./make-folder.ts";

/** The files in a state folder that hold secrets or decide what runs. */
const OURS =
  /^(api-token|secrets\.key|authority\.pem|(server|supervisor)\.(lock|json)|(catalog|ledger|appliances)\.db(-wal|-shm)?|logs|volumes|reserve)$/;
const OTHERS_WRITE = 0o022;
const OTHERS = 0o077;
const STICKY = 0o1000;

/**
 * Creates the state folder if it is missing, and takes away the rights of others to the files in it.
 * @returns notices for the log, one sentence each
 */
export function openStateFolder(dir: string): string[] {
  try {
    makeFolder(dir, 0o700);
  } catch (error) {
    throw unusable(dir, `the folder cannot be made (${(error as Error).message}); name another with --state or MAYFLY_STATE_DIR`, error);
  }
  const names = readdirSync(dir).filter((name) => OURS.test(name));
  return [...mendFolder(dir, names), ...names.flatMap((name) => mendEntry(join(dir, name))), ...missesCatalog(dir, names)];
}

/** Throws "bad-config" if the folder cannot be used. Without this check, the error would show only when the first image is made. */
export function openCacheFolder(dir: string): void {
  try {
    makeFolder(dir);
    accessSync(dir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new MayflyError(
      "bad-config",
      { key: "cacheDir", what: `names ${dir}, which cannot be used: ${(error as Error).message}` },
      error,
    );
  }
}

/**
 * Throws "bad-config" if the folder cannot be used, because no machine would start.
 * @returns a function that removes the folder, if it was new and is empty
 */
export function openRunFolder(dir: string): () => void {
  const isNew = !existsSync(dir);
  try {
    makeFolder(dir, 0o700);
    accessSync(dir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new MayflyError("bad-config", { key: "runDir", what: `names ${dir}, which cannot be used: ${(error as Error).message}` }, error);
  }
  return () => void (isNew && removeEmpty(dir));
}

/** Removes empty folders only: another server may use the folder too, and what is in that server's folders stays. */
function removeEmpty(dir: string): void {
  try {
    for (const entry of readdirSync(dir, { withFileTypes: true })) if (entry.isDirectory()) removeIfEmpty(join(dir, entry.name));
    removeIfEmpty(dir);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}

function removeIfEmpty(dir: string): void {
  try {
    rmdirSync(dir);
  } catch (error) {
    if (!["ENOTEMPTY", "ENOENT"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}

function mendFolder(dir: string, ours: string[]): string[] {
  const stats = statSync(dir);
  refuseForeign(dir, stats);
  if ((stats.mode & OTHERS_WRITE) === 0) return [];
  // A folder for everybody, such as /tmp, must not be closed by us.
  const shared = (stats.mode & STICKY) !== 0 || (ours.length === 0 && readdirSync(dir).length > 0);
  if (shared)
    throw unusable(dir, `others may write in it (mode ${octal(stats)}); name a folder that is Mayfly's alone, or \`chmod 700\` it`);
  chmodSync(dir, stats.mode & 0o777 & ~OTHERS_WRITE);
  return [`others could write in ${dir} (mode ${octal(stats)}); they no longer can`];
}

function mendEntry(file: string): string[] {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats === undefined) return [];
  refuseForeign(file, stats);
  if ((stats.mode & OTHERS) === 0) return [];
  const could = `others could ${(stats.mode & OTHERS_WRITE) === 0 ? "read" : "write"} ${file} (mode ${octal(stats)})`;
  // The target of a link is elsewhere and may have other users.
  if (lstatSync(file).isSymbolicLink()) return [`${could}, which is a link: close it yourself`];
  chmodSync(file, stats.mode & 0o777 & ~OTHERS);
  return [`${could}; they no longer can. If others use this host, replace what it holds`];
}

/** The owner of a file can open it to everybody at any time, so a foreign owner is refused. */
function refuseForeign(file: string, { uid }: Stats): void {
  const own = process.geteuid?.() ?? uid;
  if (uid === own || uid === 0) return;
  throw unusable(
    file,
    `it belongs to the user ${uid}, who could change it at any time; Mayfly runs as ${own}: \`chown\` it, if you trust what it holds`,
  );
}

function missesCatalog(dir: string, names: string[]): string[] {
  if ((statSync(join(dir, "catalog.db"), { throwIfNoEntry: false })?.size ?? 0) > 0) return [];
  const older = names.filter((name) => ["secrets.key", "ledger.db", "appliances.db"].includes(name));
  if (existsSync(join(dir, "logs")) && readdirSync(join(dir, "logs")).length > 0) older.push("logs");
  if (older.length === 0) return [];
  return [
    `${join(dir, "catalog.db")} is empty or missing beside ${older.join(", ")}: no app is known any more. Restore it from a backup if apps were deployed here`,
  ];
}

function octal({ mode }: Stats): string {
  return (mode & 0o7777).toString(8).padStart(4, "0");
}

function unusable(file: string, what: string, cause?: unknown): MayflyError {
  return new MayflyError("state-unusable", { file, what }, cause);
}
