/** From a raw disk to what a hypervisor or a cloud takes. */
import { createWriteStream } from "node:fs";
import { open, rename } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { runProgram } from "../run-program.ts";
import { makeReproducible } from "./reproducible.ts";
import { writeOva } from "./ova.ts";
import { bytesOf, tarOf } from "./tar.ts";

export const formats = ["raw", "qcow2", "vmdk", "vdi", "gce", "ova"] as const;
export type Format = (typeof formats)[number];

export interface RawDisk {
  path: string;
  bytes: number;
  /** Lower case letters, digits and "-". */
  name: string;
  memoryMb: number;
  vcpus: number;
  /** What ids inside of formats are derived from. */
  seed: string;
}

const MIB = 1 << 20;

/** A disk's size is a multiple of this. Google takes whole GiB only. */
export function sizeUnitOf(format: Format): number {
  return format === "gce" ? 1_024 * MIB : MIB;
}

/** Writes the file anew. The raw disk may be gone afterwards. */
export async function convert(disk: RawDisk, format: Format, path: string, scratch: string): Promise<void> {
  if (format === "raw") return rename(disk.path, path);
  if (format === "gce") return writeGce(disk, path);
  if (format === "ova") return writeOva(path, { ...disk, vmdk: await streamOptimised(disk, scratch), diskBytes: disk.bytes });
  await qemuImg(disk, format, path, []);
}

async function streamOptimised(disk: RawDisk, scratch: string): Promise<string> {
  const vmdk = join(scratch, "disk.vmdk");
  await qemuImg(disk, "vmdk", vmdk, ["-o", "subformat=streamOptimized,adapter_type=ide"]);
  return vmdk;
}

async function qemuImg({ path: from, seed }: RawDisk, format: "qcow2" | "vmdk" | "vdi", to: string, more: string[]): Promise<void> {
  await runProgram("qemu-img", ["convert", "-f", "raw", "-O", format, ...more, from, to], { name: "qemu-img convert" });
  await makeReproducible(to, format, seed);
}

/** Google's image: a compressed tar in GNU's old format with one file, disk.raw. */
async function writeGce({ path: from, bytes }: RawDisk, path: string): Promise<void> {
  await using disk = await open(from);
  const tar = Readable.from(tarOf([{ name: "disk.raw", size: bytes, content: bytesOf(disk) }], "gnu"));
  await pipeline(tar, createGzip({ level: 6 }), createWriteStream(path, { flags: "wx" }));
}
