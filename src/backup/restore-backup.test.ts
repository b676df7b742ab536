/** Folders that claim to be backups. test/backup.test.ts has backups of servers. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { afterwards } from "../base/testing/afterwards.ts";
import { restoreBackup } from "./restore-backup.ts";

test("nothing is restored that lies outside of the backup, however it leads there", async (context) => {
  const place = mkdtempSync(join(tmpdir(), "mayfly-restore-"));
  afterwards(context, () => rmSync(place, { recursive: true }));
  const [backup, state] = [join(place, "backup"), join(place, "state")];
  mkdirSync(join(place, "host"));
  writeFileSync(join(place, "host/shadow"), "secret");
  mkdirSync(backup);
  symlinkSync(join(place, "host/shadow"), join(backup, "api-token"));
  symlinkSync(join(place, "host"), join(backup, "logs"));
  mkdirSync(join(backup, "folder"));
  writeFileSync(join(backup, "catalog.db"), "plain!");
  const restore = (path: string) => {
    writeFileSync(
      join(backup, "backup.json"),
      JSON.stringify({ format: 1, madeAt: new Date(), tenant: null, files: [{ path, bytes: 6 }] }),
    );
    return restoreBackup(backup, state);
  };
  for (const path of ["api-token", "logs/shadow", "folder"])
    await assert.rejects(restore(path), { code: "bad-backup", message: /is a link, or no file/ }, path);
  for (const path of ["../host/shadow", "/etc/passwd", "folder/../../host/shadow"])
    await assert.rejects(restore(path), { code: "bad-backup" }, path);
  assert.ok(!existsSync(join(state, "api-token")));
  await restore("catalog.db");
  assert.ok(existsSync(join(state, "catalog.db")));
});
