/** What a program sees of a folder that is packed, and what is packed. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readlinkSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { afterwards } from "../base/testing/afterwards.ts";
import { packFolder, withView } from "./pack-folder.ts";

const asRoot = { skip: process.getuid?.() !== 0 && "only root mounts" };

function folders(context: TestContext) {
  const dir = mkdtempSync(join(tmpdir(), "mayfly-pack 100%-"));
  afterwards(context, () => rmSync(dir, { recursive: true, force: true }));
  for (const name of ["shared/inner", "shared/mounted", "secret", "view"]) mkdirSync(join(dir, name), { recursive: true });
  writeFileSync(join(dir, "shared/inner/file"), "shared");
  writeFileSync(join(dir, "secret/file"), "secret");
  // What a folder is exchanged for while it is packed.
  symlinkSync("../secret", join(dir, "shared/exchanged"));
  symlinkSync(join(dir, "secret"), join(dir, "shared/absolute"));
  return dir;
}

const run = ([program, ...args]: string[]) => spawnSync(program!, args, { encoding: "utf8" });

test("a program that packs a folder reads what is in it, and follows no link there", asRoot, async (context) => {
  const dir = folders(context);
  await using shared = await open(join(dir, "shared"));
  const see = async (...command: string[]) => run(await withView(shared, join(dir, "view"), command));
  assert.equal((await see("cat", join(dir, "view/inner/file"))).stdout, "shared");
  for (const link of ["exchanged", "absolute"]) {
    const { stdout, stderr } = await see("cat", join(dir, "view", link, "file"));
    assert.equal(stdout, "");
    assert.match(stderr, /Too many levels of symbolic links/);
    assert.equal((await see("readlink", join(dir, "view", link))).stdout.trim(), readlinkSync(join(dir, "shared", link)));
  }
  assert.match((await see("touch", join(dir, "view/new"))).stderr, /Read-only/);
  assert.ok(!existsSync(join(dir, "view/inner")), "the view is gone with the program");
  // Another folder is at the path of the open one.
  renameSync(join(dir, "shared"), join(dir, "moved"));
  const { stdout } = await see("cat", join(dir, "view/inner/file"));
  assert.equal(stdout, "shared", "a folder that was moved has another path");
  const command = await withView(shared, join(dir, "view"), ["ls", join(dir, "view")]);
  renameSync(join(dir, "moved"), join(dir, "shared"));
  symlinkSync(join(dir, "secret"), join(dir, "moved"));
  const exchanged = run(command);
  assert.equal(exchanged.stdout, "");
  assert.match(exchanged.stderr, /is another folder now/);
});

test("what is mounted in the folder is packed as well, and no link there is followed", asRoot, async (context) => {
  const dir = folders(context);
  await using shared = await open(join(dir, "shared"));
  mkdirSync(join(dir, "other"));
  writeFileSync(join(dir, "other/file"), "mounted");
  symlinkSync(join(dir, "secret"), join(dir, "other/link"));
  const mounted = join(dir, "shared/mounted");
  const inside = await withView(shared, join(dir, "view"), ["cat", join(dir, "view/mounted/file"), join(dir, "view/mounted/link/file")]);
  const script = 'mount --bind "$1" "$2" && shift 2 && exec "$@"';
  const { stdout, stderr } = run(["unshare", "--mount", "--", "/bin/sh", "-c", script, "sh", join(dir, "other"), mounted, ...inside]);
  assert.equal(stdout, "mounted");
  assert.match(stderr, /Too many levels of symbolic links/);
});

test("the packed file is there, and nothing else is left", async (context) => {
  const dir = folders(context);
  await using shared = await open(join(dir, "shared"));
  await packFolder(shared, join(dir, "packed"), {});
  assert.ok(statSync(join(dir, "packed")).size > 0);
  assert.ok(!existsSync(join(dir, "packed.view")));
  await assert.rejects(packFolder(shared, join(dir, "packed2"), { env: { PATH: "/nowhere" } }));
  assert.ok(!existsSync(join(dir, "packed2.view")));
});
