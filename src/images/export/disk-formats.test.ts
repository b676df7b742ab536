import assert from "node:assert/strict";
import { test } from "node:test";
import { buffer } from "node:stream/consumers";
import { Readable } from "node:stream";
import { crc32 } from "node:zlib";
import { makeFat32 } from "./fat32.ts";
import { makeGpt } from "./gpt.ts";
import { tarOf } from "./tar.ts";

test("both copies of a GPT name each other and hold the same table under right checksums", () => {
  const sectors = 100_000;
  const { head, tail } = makeGpt([{ type: "linux", name: "root", start: 2_048, sectors: 4_096 }], sectors, "seed");
  const headers = [head.subarray(512, 1_024), tail.subarray(-512)];
  const tables = [head.subarray(1_024), tail.subarray(0, -512)];
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
    [2_048, 2_048 + 4_095],
  );
});

test("every file of a FAT32 is found again by walking its folders and chains", () => {
  const files = [
    { path: "EFI/BOOT/BOOTX64.EFI", data: Buffer.alloc(1_500, 1) },
    { path: "EFI/EMPTY", data: Buffer.alloc(0) },
    { path: "VMLINUZ", data: Buffer.alloc(512 * 7, 2) },
    ...Array.from({ length: 40 }, (_, n) => ({ path: `F${n}.TXT`, data: Buffer.from(`file ${n}`) })),
  ];
  const volume = makeFat32({ files, volumeId: 0x12345678, hiddenSectors: 2_048 });
  assert.equal(volume.length, volume.readUInt32LE(32) * 512);
  const clusters = Math.floor((volume.length / 512 - 32 - 2 * volume.readUInt32LE(36)) / volume[13]!);
  assert.ok(clusters >= 65_525, "fewer would be a FAT16");
  for (const { path, data } of files) assert.ok(readFat(volume, path).equals(data), path);
  assert.throws(() => makeFat32({ files: [{ path: "too-long-a-name", data: Buffer.alloc(1) }], volumeId: 1, hiddenSectors: 0 }));
});

test("a tar header says sizes of 8 GiB and more in GNU's way, and sums right", async () => {
  const size = 9 * 2 ** 30;
  const first = (await tarOf([{ name: "disk.raw", size, content: Readable.from([]) }], "gnu").next()).value as Buffer;
  assert.equal(first[124], 0x80);
  assert.equal(Number(first.readBigUInt64BE(128)), size);
  const small = await buffer(Readable.from(tarOf([{ name: "a", size: 3, content: Readable.from([Buffer.from("abc")]) }], "ustar")));
  assert.equal(small.length, 512 * 4);
  const sum = Number.parseInt(small.toString("latin1", 148, 154), 8);
  assert.equal(
    small.subarray(0, 512).reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 32 : byte), 0),
    sum,
  );
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
