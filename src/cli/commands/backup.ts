import type { Command } from "commander";
import type { BackupList } from "../../backup/backup-list.ts";
import { createBackup } from "../../backup/create-backup.ts";
import { restoreBackup } from "../../backup/restore-backup.ts";
import { restoreTenant } from "../../backup/restore-tenant.ts";
import { counted } from "../../base/words/counted.ts";
import { stateDirOf } from "../connection.ts";
import { bytesInWords } from "../units.ts";
import { asJson } from "../as-json.ts";

interface BackupOptions {
  state?: string;
  tenant?: string;
  json?: true;
}

export function define(command: Command): void {
  command.addHelpText(
    "after",
    "\nRun it on the server's host, as root or as the server's user. docs/backup.md says what is in a backup.\n\nExample:\n  mayfly backup create /backups/monday\n  mayfly backup restore /backups/monday --state /var/lib/mayfly-new",
  );
  command
    .command("create")
    .description("copy the state of a server, which may run meanwhile, into a new folder")
    .argument("<folder>", "where to; it must not exist")
    .option("--state <dir>", "the server's state folder (or MAYFLY_STATE_DIR)")
    .option("--tenant <name>", "only what is this tenant's")
    .option("--json", "print JSON")
    .action(create);
  command
    .command("restore")
    .description("make a state folder of a backup, or put a tenant of it beside those of a server that is stopped")
    .argument("<folder>", "the backup")
    .option("--state <dir>", "the state folder: missing or empty, or with --tenant that of a server (or MAYFLY_STATE_DIR)")
    .option("--tenant <name>", "only this tenant, into the state folder of a server")
    .option("--json", "print JSON")
    .action(restore);
}

async function create(folder: string, { state, tenant, json }: BackupOptions): Promise<void> {
  const stateDir = stateDirOf(state === undefined ? {} : { state });
  const list = await createBackup({ stateDir, folder, tenant, now: new Date() });
  console.log(json ? asJson("backup create", shown(folder, list)) : `Copied ${inWords(list)} to ${folder}.`);
}

async function restore(folder: string, { state, tenant, json }: BackupOptions): Promise<void> {
  const stateDir = stateDirOf(state === undefined ? {} : { state });
  const list = tenant === undefined ? await restoreBackup(folder, stateDir) : await restoreTenant(folder, stateDir, tenant);
  const what = tenant === undefined ? inWords(list) : `the tenant ${tenant}`;
  if (json) return console.log(asJson("backup restore", { ...shown(folder, list), stateDir }));
  console.log(`Restored ${what} of ${list.madeAt} in ${stateDir}. Next:\n  mayfly serve --state ${stateDir}`);
}

function shown(folder: string, { madeAt, tenant, files }: BackupList) {
  return { folder, madeAt, tenant: tenant?.name ?? null, files: files.length, bytes: bytesOf(files) };
}

function inWords({ tenant, files }: BackupList): string {
  const whose = tenant === null ? "the whole server" : `the tenant ${tenant.name}`;
  return `${whose} (${counted(files.length, "file")}, ${bytesInWords(bytesOf(files))})`;
}

function bytesOf(files: BackupList["files"]): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}
