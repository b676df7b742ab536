/** With the real tools, of Debian's packages. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, test, type TestContext } from "node:test";
import { crc32 } from "node:zlib";
import { loadConfig } from "../../base/config/load.ts";
import { writeArchive } from "./archive.ts";
import { type DiskTools, fetchDiskTools } from "./disk-tools.ts";
import { writeFat32 } from "./fat32.ts";
import { writeGpt } from "./gpt.ts";

let tools: DiskTools;

before(async () => {
  tools = await fetchDiskTools(loadConfig({}).cacheDir, () => {});
});

function folderOf(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-disk-formats-"));
  context.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

test("both copies of a GPT name each other and hold the same table under right checksums, with ids from the seed", async (context) => {
  const sectors = 100_000;
  const disks = [];
  for (const name of ["one", "two"]) {
    const path = join(folderOf(context), name);
    writeFileSync(path, "");
    truncateSync(path, sectors * 512);
    await writeGpt(path, [{ type: "linux", name: "root", start: 2_048, sectors: 4_097 }], "seed", tools);
    disks.push(readFileSync(path));
  }
  const [disk, again] = disks as [Buffer, Buffer];
  assert.ok(disk.equals(again));
  const headers = [disk.subarray(512, 1_024), disk.subarray(-512)];
  const tables = [disk.subarray(1_024, 1_024 + 32 * 512), disk.subarray(-33 * 512, -512)];
  headers.forEach((header, index) => {
    const places = [24, 32].map((at) => Number(header.readBigUInt64LE(at)));
    assert.deepEqual(places, index === 0 ? [1, sectors - 1] : [sectors - 1, 1]);
    const checked = Buffer.from(header.subarray(0, 92));
    checked.writeUInt32LE(0, 16);
    assert.equal(header.readUInt32LE(16), crc32(checked));
    assert.equal(header.readUInt32LE(88), crc32(tables[index]!));
    assert.equal(Number(header.readBigUInt64LE(72)), index === 0 ? 2 : sectors - 33);
  });
  assert.ok(tables[0]!.equals(tables[1]!));
  // Linux' type, as it lies on disk: its first three fields with the lowest byte first.
  assert.equal(tables[0]!.toString("hex", 0, 16), "af3dc60f838472478e793d69d8477de4");
  assert.deepEqual(
    [32, 40].map((at) => Number(tables[0]!.readBigUInt64LE(at))),
    [2_048, 2_048 + 4_096],
  );
  // The protective MBR: its entry is active and of GPT's type, and a boot loader has room before it.
  assert.deepEqual([disk[446], disk[450], disk.readUInt16LE(510)], [0x80, 0xee, 0xaa55]);
  assert.ok(disk.subarray(0, 440).every((byte) => byte === 0));
});

test("every file of a FAT32 is found again by walking its folders and chains; no clock changes its bytes", async (context) => {
  const files = [
    { path: "EFI/BOOT/BOOTX64.EFI", data: Buffer.alloc(1_500, 1) },
    { path: "EFI/EMPTY", data: Buffer.alloc(0) },
    { path: "VMLINUZ", data: Buffer.alloc(512 * 7, 2) },
    ...Array.from({ length: 20 }, (_, n) => ({ path: `F${n}.TXT`, data: Buffer.from(`file ${n}`) })),
  ];
  const volumes = [];
  for (const name of ["one", "two"]) {
    const scratch = folderOf(context);
    await writeFat32(join(scratch, name), { files, volumeId: 0x12345678, hiddenSectors: 2_048, scratch }, tools);
    volumes.push(readFileSync(join(scratch, name)));
  }
  const [volume, again] = volumes as [Buffer, Buffer];
  assert.ok(volume.equals(again));
  assert.deepEqual([volume.readUInt32LE(28), volume.readUInt32LE(67)], [2_048, 0x12345678]);
  assert.equal(volume.length, volume.readUInt32LE(32) * 512);
  const clusters = Math.floor((volume.length / 512 - 32 - 2 * volume.readUInt32LE(36)) / volume[13]!);
  assert.ok(clusters >= 65_525, "fewer would be a FAT16");
  for (const { path, data } of files) assert.ok(readFat(volume, path).equals(data), path);
});

test("what does not fit into the smallest FAT32 makes it larger", async (context) => {
  const scratch = folderOf(context);
  const files = [{ path: "INITRD", data: Buffer.alloc(40 << 20, 7) }];
  await writeFat32(join(scratch, "volume"), { files, volumeId: 1, hiddenSectors: 0, scratch }, tools);
  assert.ok(readFat(readFileSync(join(scratch, "volume")), "INITRD").equals(files[0]!.data));
});

test("an archive tells nothing of who made it, and when; its format is the one asked for", async (context) => {
  const folder = folderOf(context);
  mkdirSync(join(folder, "in"));
  writeFileSync(join(folder, "in/b"), "abc", { mode: 0o600 });
  writeFileSync(join(folder, "in/a"), "d");
  for (const [format, magic] of [
    ["gnu", "ustar  \0"],
    ["ustar", "ustar\x0000"],
  ] as const) {
    const path = join(folder, format);
    await writeArchive(path, { folder: join(folder, "in"), names: ["b", "a"], format });
    const listing = execFileSync("tar", ["-tvf", path, "--numeric-owner"], { encoding: "utf8", env: { ...process.env, TZ: "UTC" } });
    assert.match(listing, /^-rw-r--r-- 0\/0 +3 1970-01-01 00:00 b\n-rw-r--r-- 0\/0 +1 1970-01-01 00:00 a\n$/);
    const bytes = readFileSync(path);
    assert.equal(bytes.toString("latin1", 257, 265), magic);
    // A header and a block for each, and the two blocks of the end.
    assert.equal(bytes.length, 512 * 6);
  }
});

/** A reader of our own, as simple as can be. */
function readFat(volume: Buffer, path: string): Buffer {
  const fatAt = volume.readUInt16LE(14) * 512;
  const dataAt = fatAt + volume[16]! * volume.readUInt32LE(36) * 512;
  const chain = (first: number): Buffer => {
    const parts: Buffer[] = [];
    for (let at = first; at >= 2 && at < 0x0ffffff8; at = volume.readUInt32LE(fatAt + at * 4)) {
      parts.push(volume.subarray(dataAt + (at - 2) * 512, dataAt + (at - 1) * 512));
    }
    return Buffer.concat(parts);
  };
  let content = chain(volume.readUInt32LE(44));
  for (const name of path.split("/")) {
    const [stem = "", extension = ""] = name.split(".");
    const wanted = stem.padEnd(8) + extension.padEnd(3);
    const at = Array.from({ length: content.length / 32 }, (_, n) => n * 32).find(
      (row) => content.toString("latin1", row, row + 11) === wanted,
    )!;
    const size = content.readUInt32LE(at + 28);
    const isFolder = (content[at + 11]! & 0x10) !== 0;
    const data = chain(content.readUInt16LE(at + 20) * 65_536 + content.readUInt16LE(at + 26));
    content = isFolder ? data : data.subarray(0, size);
  }
  return content;
}
