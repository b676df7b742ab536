/** A GUID partition table with its protective MBR, written by sfdisk. The same partitions and seed give the same bytes. */
import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import type { DiskTools } from "./disk-tools.ts";

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

/** Sectors before the first partition, and after the last: a table of 128 entries of 128 bytes, its header, and before it the protective MBR. */
export const gptSectors = { before: 34, after: 33 };

/** Where the entry of the protective MBR says whether it is active. */
const ACTIVE = { at: 446, yes: 0x80 };

/**
 * Writes both copies of the table to a disk that is empty. The first 440 bytes stay free for a boot loader.
 * @param seed what the disk's and the partitions' unique ids are derived from
 */
export async function writeGpt(disk: string, partitions: Partition[], seed: string, tools: DiskTools): Promise<void> {
  const rows = partitions.map(
    ({ type, name, start, sectors }, index) =>
      `start=${start}, size=${sectors}, type=${types[type]}, uuid=${guidFrom(`${seed} ${index}`)}, name="${name}"`,
  );
  const script = ["label: gpt", `label-id: ${guidFrom(seed)}`, `first-lba: ${gptSectors.before}`, "unit: sectors", "", ...rows, ""];
  await tools.run("sfdisk", ["--quiet", "--no-reread", "--no-tell-kernel", disk], script.join("\n"));
  await markActive(disk);
}

/** Some BIOSes boot from no disk without an active partition. sfdisk has no word for it where the table is a GPT. */
async function markActive(path: string): Promise<void> {
  await using disk = await open(path, "r+");
  await disk.write(Buffer.from([ACTIVE.yes]), 0, 1, ACTIVE.at);
}

/** A random UUID's form, with bits of the seed. */
function guidFrom(seed: string): string {
  const hex = createHash("sha256").update(seed).digest("hex").toUpperCase();
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join("-");
}
