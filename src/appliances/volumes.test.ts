/** Where the files of an appliance's volumes lie, and when they go. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { afterwards } from "../base/testing/afterwards.ts";
import { createVolumes } from "./volumes.ts";

test("a folder of the host is packed for one machine, and goes with it; a disk stays", async (context) => {
  const dir = mkdtempSync(join(tmpdir(), "mayfly-volumes-"));
  afterwards(context, () => rmSync(dir, { recursive: true, force: true }));
  writeFileSync(join(dir, "note"), "shared");
  const [disksDir, packedDir] = [join(dir, "disks"), join(dir, "packed")];
  const volumes = createVolumes({ disksDir, packedDir, openFolder: (folder) => open(folder) });
  await volumes.ready([{ disk: "data", sizeMb: 16, path: "/data" }], "m0");
  assert.ok(!existsSync(packedDir), "nothing is made for a machine without such folders");
  const specs = [
    { folder: dir, path: "/shared" },
    { disk: "data", sizeMb: 16, path: "/data" },
  ];
  const [packed, disk] = await volumes.ready(specs, "m1");
  const [other] = await volumes.ready(specs, "m2");
  assert.deepEqual([packed!.writable, disk!.writable, packed!.file === other!.file], [false, true, false]);
  await volumes.release("m1");
  assert.deepEqual([existsSync(packed!.file), existsSync(other!.file), existsSync(disk!.file)], [false, true, true]);
  await volumes.release("m1");
  await volumes.release("m2");
  assert.deepEqual(readdirSync(packedDir), []);
});
