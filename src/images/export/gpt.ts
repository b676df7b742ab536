/**
 * A GUID partition table with its protective MBR: UEFI specification 2.10, chapter 5. Both copies of the table, the same
 * bytes for the same partitions.
 */
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";

export const sectorBytes = 512;

export interface Partition {
  type: keyof typeof types;
  /** At most 36 characters; Linux shows it as PARTNAME. */
  name: string;
  /** In sectors. */
  start: number;
  sectors: number;
}

const types = {
  "bios-boot": "21686148-6449-6E6F-744E-656564454649",
  "efi-system": "C12A7328-F81F-11D2-BA4B-00A0C93EC93B",
  linux: "0FC63DAF-8483-4772-8E79-3D69D8477DE4",
} as const;

const ENTRIES = 128;
const ENTRY_BYTES = 128;
const TABLE_SECTORS = (ENTRIES * ENTRY_BYTES) / sectorBytes;

/** Sectors before the first partition, and after the last. */
export const gptSectors = { before: 2 + TABLE_SECTORS, after: 1 + TABLE_SECTORS };

export interface Gpt {
  /** From sector 0 on. The first 440 bytes are free for a boot loader. */
  head: Buffer;
  /** The last sectors of the disk. */
  tail: Buffer;
}

/** @param seed what the disk's and the partitions' unique ids are derived from */
export function makeGpt(partitions: Partition[], totalSectors: number, seed: string): Gpt {
  const table = Buffer.alloc(ENTRIES * ENTRY_BYTES);
  partitions.forEach((partition, index) => entry(partition, `${seed} ${index}`).copy(table, index * ENTRY_BYTES));
  const last = totalSectors - 1;
  const shared = { table, totalSectors, disk: guidFrom(seed) };
  return {
    head: Buffer.concat([protectiveMbr(totalSectors), header({ ...shared, here: 1, other: last, tableAt: 2 }), table]),
    tail: Buffer.concat([table, header({ ...shared, here: last, other: 1, tableAt: last - TABLE_SECTORS })]),
  };
}

function entry({ type, name, start, sectors }: Partition, seed: string): Buffer {
  const bytes = Buffer.alloc(ENTRY_BYTES);
  guidBytes(types[type]).copy(bytes, 0);
  guidFrom(seed).copy(bytes, 16);
  bytes.writeBigUInt64LE(BigInt(start), 32);
  bytes.writeBigUInt64LE(BigInt(start + sectors - 1), 40);
  bytes.write(name, 56, "utf16le");
  return bytes;
}

interface HeaderFields {
  here: number;
  other: number;
  tableAt: number;
  table: Buffer;
  totalSectors: number;
  disk: Buffer;
}

function header({ here, other, tableAt, table, totalSectors, disk }: HeaderFields): Buffer {
  const bytes = Buffer.alloc(sectorBytes);
  bytes.write("EFI PART", 0, "latin1");
  bytes.writeUInt32LE(0x10000, 8);
  bytes.writeUInt32LE(92, 12);
  const sectors = [here, other, gptSectors.before, totalSectors - 1 - gptSectors.after];
  sectors.forEach((sector, index) => bytes.writeBigUInt64LE(BigInt(sector), 24 + 8 * index));
  disk.copy(bytes, 56);
  bytes.writeBigUInt64LE(BigInt(tableAt), 72);
  bytes.writeUInt32LE(ENTRIES, 80);
  bytes.writeUInt32LE(ENTRY_BYTES, 84);
  bytes.writeUInt32LE(crc32(table), 88);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 92)), 16);
  return bytes;
}

/** One partition over all of the disk, marked as GPT's. It is active, too: some BIOSes boot from no disk without one that is. */
function protectiveMbr(totalSectors: number): Buffer {
  const bytes = Buffer.alloc(sectorBytes);
  mbrEntry({ type: 0xee, start: 1, sectors: totalSectors - 1, active: true }).copy(bytes, 446);
  bytes.writeUInt16LE(0xaa55, 510);
  return bytes;
}

/** An entry of a master boot record's partition table; cylinders, heads and sectors are given as unknown. */
function mbrEntry({ type, start, sectors, active }: { type: number; start: number; sectors: number; active: boolean }): Buffer {
  const bytes = Buffer.from([active ? 0x80 : 0, 0xfe, 0xff, 0xff, type, 0xfe, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0]);
  bytes.writeUInt32LE(start, 8);
  bytes.writeUInt32LE(Math.min(sectors, 0xffffffff), 12);
  return bytes;
}

function guidFrom(seed: string): Buffer {
  const bytes = createHash("sha256").update(seed).digest().subarray(0, 16);
  bytes[7] = (bytes[7]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes;
}

/** The first three fields are stored with their lowest byte first. */
function guidBytes(text: string): Buffer {
  const bytes = Buffer.from(text.replaceAll("-", ""), "hex");
  bytes.subarray(0, 4).swap32();
  bytes.subarray(4, 8).swap16();
  return bytes;
}
