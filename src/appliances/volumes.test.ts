/** Where the files of an appliance's volumes lie, and when they go. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
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
  const volumes = createVolumes({ disksDir, packedDir, openFolder: (folder) => open(folder), bounds: { maxDiskMb: 100 } });
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

test("disks that together are larger than allowed, or than what the host's disk has left, are not made; those that are there stay usable", async (context) => {
  const dir = mkdtempSync(join(tmpdir(), "mayfly-volumes-"));
  afterwards(context, () => rmSync(dir, { recursive: true, force: true }));
  const openWith = (maxDiskMb: number) =>
    createVolumes({
      disksDir: join(dir, "disks"),
      packedDir: join(dir, "packed"),
      openFolder: (folder) => open(folder),
      bounds: { maxDiskMb },
    });
  const disk = (name: string, sizeMb: number) => ({ disk: name, sizeMb, path: `/${name}` });
  const volumes = openWith(64);
  // Two at once, of which only one fits.
  const made = await Promise.allSettled([volumes.ready([disk("a", 40)], "m1"), volumes.ready([disk("b", 40)], "m2")]);
  assert.deepEqual(
    made.map(({ status }) => status),
    ["fulfilled", "rejected"],
  );
  const message = /appliances\.maxDiskMb does not permit it: .* 64 MB large, others have 40, and this one asks for 40/;
  await assert.rejects(volumes.ready([disk("b", 40)], "m2"), { code: "not-permitted", message });
  await volumes.ready([disk("b", 24)], "m2");
  await openWith(16).ready([disk("a", 40)], "m3");
  await volumes.remove("a");
  await volumes.ready([disk("c", 40)], "m1");
  const { blocks, bsize } = statfsSync(dir);
  const whole = Math.floor((blocks * bsize) / 1_048_576);
  await assert.rejects(openWith(1e9).ready([disk("d", whole)], "m4"), { code: "disk-full", message: /the disk d of/ });
  assert.deepEqual(readdirSync(join(dir, "disks")).toSorted(), ["b.ext4", "c.ext4"]);
});
