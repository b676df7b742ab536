/**
 * Puts a tenant of a backup beside those of a state folder, where no server runs meanwhile.
 *
 * 1. The catalog is the last database that is changed: until then nobody knows of the tenant, and a restore that was ended is repeated.
 * 2. Ids stay what they are. Numbers of rows become others.
 */
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { MayflyError } from "../base/errors/error.ts";
import { mainTenant } from "../base/ids/new-id.ts";
import { failureOf } from "../store/sqlite/failure.ts";
import { lockStateFolder } from "../store/state-folder/lock.ts";
import type { DatabasePart, FolderPart } from "../store/state-folder/state-part.ts";
import { type BackupList, readBackupList } from "./backup-list.ts";
import { contentNames, isIn } from "./create-backup.ts";
import { copyInto, filesBelow, giveToOwner, onDisk } from "./copy-files.ts";
import { type BackupTenant, findTenant } from "./find-tenant.ts";
import { assertWhole } from "./restore-backup.ts";
import { stateParts } from "./state-parts.ts";
import { keepOnly, putRows } from "./tenant-rows.ts";

/** Rejects with "no-such-tenant" if the backup has none of that name, "name-taken" if the state folder has one, "bad-backup", "state-locked" and "disk-full". */
export async function restoreTenant(folder: string, stateDir: string, name: string): Promise<BackupList> {
  const list = readBackupList(folder);
  await assertWhole(folder, list.files);
  const tenant = findTenant(join(folder, "catalog.db"), name);
  if (!existsSync(join(stateDir, "catalog.db")))
    throw new MayflyError("file-unusable", { file: stateDir, what: "it is no state folder of a server: it has no catalog.db" });
  const lock = lockStateFolder(stateDir);
  const draft = mkdtempSync(join(stateDir, "restoring-"));
  try {
    assertFree(join(stateDir, "catalog.db"), tenant);
    assertSameSeal(folder, stateDir);
    const parts = databases.filter(({ path }) => existsSync(join(folder, path)));
    for (const part of parts) {
      copyFileSync(join(folder, part.path), join(draft, part.path));
      keepOnly(join(draft, part.path), part, tenant.own);
    }
    const content = contentNames(draft);
    for (const part of folders) await putFolder(part, { folder, stateDir, tenant, content });
    for (const part of parts) await putDatabase(part, draft, stateDir, tenant);
    return list;
  } catch (error) {
    throw failureOf(error, stateDir);
  } finally {
    rmSync(draft, { recursive: true, force: true });
    lock.release();
  }
}

/** As in the list of all parts, the catalog is the last one. */
const databases = stateParts.filter((part): part is DatabasePart => part.kind === "database");
const folders = stateParts.filter((part): part is FolderPart => part.kind === "folder");

async function putDatabase(part: DatabasePart, draft: string, stateDir: string, { own }: BackupTenant): Promise<void> {
  const file = join(stateDir, part.path);
  if (existsSync(file)) putRows(file, join(draft, part.path), part, own);
  else await copyInto(draft, stateDir, part.path);
  giveToOwner(stateDir, [part.path]);
  await onDisk(file);
}

interface Putting {
  folder: string;
  stateDir: string;
  tenant: BackupTenant;
  content: ReadonlySet<string>;
}

/** Files that are there stay: content has the name of what it is, and a log goes on. */
async function putFolder(part: FolderPart, { folder, stateDir, tenant, content }: Putting): Promise<void> {
  const files = (await filesBelow(join(folder, part.path))).filter((file) => isIn(part, file, tenant, content));
  const paths = files.map((file) => join(part.path, file)).filter((path) => !existsSync(join(stateDir, path)));
  for (const path of paths) await copyInto(folder, stateDir, path);
  giveToOwner(stateDir, paths);
}

/** Throws "name-taken". The row of a tenant that was removed has its id for a name. */
function assertFree(catalog: string, { id, name }: BackupTenant): void {
  const db = new DatabaseSync(catalog, { readOnly: true });
  try {
    const taken = db.prepare("SELECT name FROM tenants WHERE (lower(name) = lower(?) OR id = ?) AND name <> id").get(name, id);
    if (taken !== undefined || id === mainTenant)
      throw new MayflyError("name-taken", {
        name,
        owner: "a tenant of the state folder",
        holder: `that tenant: mayfly tenant remove ${name} --force`,
      });
  } finally {
    db.close();
  }
}

/** Secrets are sealed with the server's key, which no backup changes. */
function assertSameSeal(folder: string, stateDir: string): void {
  const keyIn = (dir: string) => (existsSync(join(dir, "secrets.key")) ? readFileSync(join(dir, "secrets.key"), "hex") : "");
  if (keyIn(folder) === keyIn(stateDir)) return;
  throw new MayflyError("bad-backup", {
    folder,
    what: "it is of another server, whose secrets.key sealed its secrets: restore it into an empty folder",
  });
}
