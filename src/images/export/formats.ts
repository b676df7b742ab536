/** Converts a raw disk to the format of a hypervisor or a cloud. */
import { rename } from "node:fs/promises";
import { join } from "node:path";
import { runProgram } from "../run-program.ts";
import { writeArchive } from "./archive.ts";
import { makeReproducible } from "./reproducible.ts";
import { writeOva } from "./ova.ts";

export const formats = ["raw", "qcow2", "vmdk", "vdi", "gce", "ova"] as const;
export type Format = (typeof formats)[number];

export interface RawDisk {
  path: string;
  bytes: number;
  /** Lower case letters, digits and "-". */
  name: string;
  memoryMb: number;
  vcpus: number;
  /** Identifiers inside the formats are derived from this text. */
  seed: string;
}

const MIB = 1 << 20;

/** A disk's size must be a multiple of this. Google accepts only whole GiB. */
export function sizeUnitOf(format: Format): number {
  return format === "gce" ? 1_024 * MIB : MIB;
}

/** Writes the file from scratch. The raw disk may be consumed. */
export async function convert(disk: RawDisk, format: Format, path: string, scratch: string): Promise<void> {
  if (format === "raw") return rename(disk.path, path);
  if (format === "gce") return writeGce(disk, path, scratch);
  if (format === "ova") return writeOva(path, { ...disk, vmdk: await streamOptimised(disk, scratch), diskBytes: disk.bytes, scratch });
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

/** Google's image: a compressed tar in GNU's format that contains one file, disk.raw. */
async function writeGce(disk: RawDisk, path: string, scratch: string): Promise<void> {
  await rename(disk.path, join(scratch, "disk.raw"));
  await writeArchive(path, { folder: scratch, names: ["disk.raw"], format: "gnu", compressed: true });
}
