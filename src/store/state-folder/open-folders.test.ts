import assert from "node:assert/strict";
import { chmodSync, chownSync, mkdirSync, existsSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { openCacheFolder, openRunFolder, openStateFolder } from "./open-folders.ts";

const isRoot = process.getuid?.() === 0;

function folder(context: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), "mayfly-state-"));
  context.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

function mode(file: string): number {
  return statSync(file).mode & 0o7777;
}

test("a missing folder is made for its owner alone, and no notice is given", (context) => {
  const dir = join(folder(context), "a/state");
  assert.deepEqual(openStateFolder(dir), []);
  assert.equal(mode(dir), 0o700);
});

test("files that others could read or write are closed to them, and a notice says so", (context) => {
  const dir = folder(context);
  for (const name of ["api-token", "secrets.key", "catalog.db"]) writeFileSync(join(dir, name), "x");
  for (const name of ["api-token", "secrets.key"]) chmodSync(join(dir, name), 0o666);
  chmodSync(join(dir, "catalog.db"), 0o640);
  chmodSync(dir, 0o777);
  const notices = openStateFolder(dir);
  assert.equal(notices.length, 4, notices.join("\n"));
  assert.equal(mode(dir), 0o755);
  for (const name of ["api-token", "secrets.key", "catalog.db"]) assert.equal(mode(join(dir, name)), 0o600, name);
  assert.deepEqual(openStateFolder(dir), []);
});

test("a folder that everybody uses is refused, not closed", (context) => {
  const dir = folder(context);
  chmodSync(dir, 0o1777);
  assert.throws(() => openStateFolder(dir), { code: "state-unusable", message: /others may write in it/ });
  assert.equal(mode(dir), 0o1777);
  chmodSync(dir, 0o777);
  writeFileSync(join(dir, "somebody's"), "");
  assert.throws(() => openStateFolder(dir), { code: "state-unusable" });
});

test("a file that belongs to another user is refused by name", { skip: !isRoot && "only root gives files away" }, (context) => {
  const dir = folder(context);
  writeFileSync(join(dir, "api-token"), "x");
  chownSync(join(dir, "api-token"), 65_534, 65_534);
  assert.throws(() => openStateFolder(dir), { code: "state-unusable", message: /api-token.* belongs to the user 65534/ });
  rmSync(join(dir, "api-token"));
  chownSync(dir, 65_534, 65_534);
  assert.throws(() => openStateFolder(dir), { code: "state-unusable", message: /belongs to the user 65534/ });
});

test("a link's target is left alone, and a notice says so", (context) => {
  const dir = folder(context);
  const target = join(folder(context), "token");
  writeFileSync(target, "x", { mode: 0o644 });
  symlinkSync(target, join(dir, "api-token"));
  assert.match(openStateFolder(dir).join(), /api-token .*is a link/);
  assert.equal(mode(target), 0o644);
});

test("an empty catalog beside files of an earlier server gives a notice; a new folder does not", (context) => {
  const dir = folder(context);
  writeFileSync(join(dir, "catalog.db"), "", { mode: 0o600 });
  assert.deepEqual(openStateFolder(dir), []);
  writeFileSync(join(dir, "secrets.key"), "x", { mode: 0o600 });
  assert.match(openStateFolder(dir).join(), /catalog\.db is empty or missing beside secrets\.key/);
  rmSync(join(dir, "catalog.db"));
  assert.match(openStateFolder(dir).join(), /catalog\.db is empty or missing/);
});

test("a path where no folder can be is refused at once, for the state and for the cache", (context) => {
  const dir = folder(context);
  writeFileSync(join(dir, "file"), "");
  for (const path of ["/proc/x", join(dir, "file"), join(dir, "file/below")]) {
    assert.throws(() => openStateFolder(path), { code: "state-unusable", message: /--state/ });
    assert.throws(() => openCacheFolder(path), { code: "bad-config", message: /cacheDir/ });
  }
  mkdirSync(join(dir, "cache"));
  openCacheFolder(join(dir, "cache"));
});

test("a run folder that two servers share is removed with the last of them, and one that existed before stays", (context) => {
  const dir = join(folder(context), "run");
  const [first, second] = [openRunFolder(dir), openRunFolder(dir)];
  mkdirSync(join(dir, "process/1-1/machine"), { recursive: true });
  mkdirSync(join(dir, "process/2-2/machine"), { recursive: true });
  rmSync(join(dir, "process/1-1"), { recursive: true });
  first();
  assert.ok(existsSync(join(dir, "process/2-2/machine")));
  rmSync(join(dir, "process/2-2"), { recursive: true });
  second();
  assert.ok(existsSync(dir), "the second did not make it");
  first();
  assert.equal(existsSync(dir), false);
  first();
});
