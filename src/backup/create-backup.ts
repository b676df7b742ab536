/**
 * Makes a backup of a state folder, whether or not a server runs there.
 *
 * 1. What was accepted before the backup began is in it. Of what is accepted meanwhile, each database has what was there when its turn came.
 * 2. Nothing waits for it: databases are read as they are at one moment while they are written.
 * 3. Files of content that a copied database names are in the backup: nobody removes content meanwhile.
 * 4. A folder with a `backup.json` is a whole backup, and is on the disk. It gets its name when it is.
 */
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { MayflyError } from "../base/errors/error.ts";
import { failureOf } from "../store/sqlite/failure.ts";
import { lockForBackup } from "../store/state-folder/backup-lock.ts";
import type { DatabasePart, FolderPart, StatePart } from "../store/state-folder/state-part.ts";
import { type BackupFile, type BackupList, LIST } from "./backup-list.ts";
import { copyDatabase } from "./copy-database.ts";
import { copyInto, filesBelow, foldersOnDisk, linkInto, onDisk, sha256Of, sizeOf } from "./copy-files.ts";
import { type BackupTenant, findTenant } from "./find-tenant.ts";
import { stateParts } from "./state-parts.ts";
import { keepOnly } from "./tenant-rows.ts";

export interface BackupRequest {
  stateDir: string;
  /** Must not exist. */
  folder: string;
  /** Its name; the whole server without it. */
  tenant?: string | undefined;
  now: Date;
}

/** Rejects with "file-exists", "no-such-tenant", "backup-running", "disk-full" and "state-damaged"; nothing is left then. */
export async function createBackup({ stateDir, folder: wanted, tenant: name, now }: BackupRequest): Promise<BackupList> {
  const folder = resolve(wanted);
  if (existsSync(folder)) throw new MayflyError("file-exists", { file: folder });
  if (`${folder}/`.startsWith(`${resolve(stateDir)}/`))
    throw new MayflyError("file-unusable", { file: folder, what: "it is in the state folder, with which it would be lost" });
  if (!existsSync(join(stateDir, "catalog.db")))
    throw new MayflyError("file-unusable", { file: stateDir, what: "it is no state folder of a server: it has no catalog.db" });
  const unlock = lockForBackup(stateDir);
  const draft = `${folder}.partial-${process.pid}`;
  try {
    mkdirSync(draft, { mode: 0o700, recursive: true });
    const tenant = await copyDatabases(stateDir, draft, name);
    const content = contentNames(draft);
    for (const part of stateParts) if (part.kind !== "database") await copyPart(part, { stateDir, draft, tenant, content });
    const list: BackupList = {
      format: 1,
      madeAt: now.toISOString(),
      tenant: tenant && { id: tenant.id, name: tenant.name },
      files: await listed(draft),
    };
    writeFileSync(join(draft, LIST), `${JSON.stringify(list, null, 2)}\n`, { mode: 0o600, flush: true });
    await foldersOnDisk(draft);
    renameSync(draft, folder);
    await onDisk(dirname(folder));
    return list;
  } catch (error) {
    throw failureOf(error, folder);
  } finally {
    rmSync(draft, { recursive: true, force: true });
    unlock();
  }
}

const databases = stateParts.filter((part): part is DatabasePart => part.kind === "database");

async function copyDatabases(stateDir: string, draft: string, name: string | undefined): Promise<BackupTenant | null> {
  const copied = databases.filter(({ path }) => copyDatabase(join(stateDir, path), join(draft, path)));
  const tenant = name === undefined ? null : findTenant(join(draft, "catalog.db"), name);
  for (const part of copied) {
    if (tenant !== null) keepOnly(join(draft, part.path), part, tenant.own);
    await onDisk(join(draft, part.path));
  }
  return tenant;
}

/** The names of the files that the copied rows refer to. */
export function contentNames(folder: string): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { path, content } of databases) {
    if (content === undefined || !existsSync(join(folder, path))) continue;
    const db = new DatabaseSync(join(folder, path), { readOnly: true });
    for (const row of db.prepare(content).all()) names.add(String(Object.values(row)[0]));
    db.close();
  }
  return names;
}

interface Copying {
  stateDir: string;
  draft: string;
  tenant: BackupTenant | null;
  content: ReadonlySet<string>;
}

async function copyPart(part: Exclude<StatePart, DatabasePart>, { stateDir, draft, tenant, content }: Copying): Promise<void> {
  if (part.kind === "file") {
    if (tenant === null || part.ofTenants === true) await copyInto(stateDir, draft, part.path);
    return;
  }
  const copy = part.isContent === true ? linkInto : part.hasDatabases === true ? copyIfDatabase : copyInto;
  for (const file of await filesBelow(join(stateDir, part.path)))
    if (isIn(part, file, tenant, content)) await copy(stateDir, draft, join(part.path, file));
}

/** The files beside a database are in its copy. */
async function copyIfDatabase(stateDir: string, draft: string, path: string): Promise<boolean> {
  if (!path.endsWith(".db")) return false;
  mkdirSync(dirname(join(draft, path)), { recursive: true, mode: 0o700 });
  const isThere = copyDatabase(join(stateDir, path), join(draft, path));
  if (isThere) await onDisk(join(draft, path));
  return isThere;
}

export function isIn({ of }: FolderPart, file: string, tenant: BackupTenant | null, content: ReadonlySet<string>): boolean {
  return tenant === null || (of?.(file, { own: tenant.own, content }) ?? false);
}

async function listed(draft: string): Promise<BackupFile[]> {
  const content = stateParts.filter((part) => part.kind === "folder" && part.isContent === true).map(({ path }) => `${path}/`);
  const files: BackupFile[] = [];
  for (const path of (await filesBelow(draft)).toSorted()) {
    const bytes = await sizeOf(join(draft, path));
    const isContent = content.some((prefix) => path.startsWith(prefix));
    files.push(isContent ? { path, bytes } : { path, bytes, sha256: await sha256Of(join(draft, path)) });
  }
  return files;
}
