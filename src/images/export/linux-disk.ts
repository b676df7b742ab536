/**
 * A raw disk that starts a Linux image by itself, from BIOS and from UEFI:
 *
 * GPT, and GRUB's first sector in its protective MBR
 * 1  BIOS boot: the rest of GRUB
 * 2  EFI system: FAT32 with GRUB for UEFI, kernel and initrd, which both GRUBs read
 * 3  the image's root, erofs
 * 4  ext4 for the appliance's data, over the rest of the disk; only if requested
 */
import { createHash } from "node:crypto";
import { open, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { MayflyError } from "../../base/errors/error.ts";
import type { Image, RunSpec } from "../image.ts";
import { runProgram } from "../run-program.ts";
import { type BootFiles, makeBootFiles } from "./boot-files.ts";
import { type DiskTools, fetchDiskTools } from "./disk-tools.ts";
import { writeFat32 } from "./fat32.ts";
import { gptSectors, type Partition, sectorBytes, writeGpt } from "./gpt.ts";
import { type BootLoader, makeBootLoader } from "./grub.ts";
import { copySparse } from "./sparse.ts";

export interface LinuxDiskOptions {
  image: Image;
  run: RunSpec;
  /** The path at which the appliance finds its data partition; no partition if absent. */
  dataPath?: string | undefined;
  /** In bytes; default: as small as possible. */
  size?: number | undefined;
  /** A default size is rounded up to a multiple of this; a given size must be a multiple. */
  sizeUnit: number;
  cacheDir: string;
  scratch: string;
  progress: (step: string) => void;
}

const MIB = 1 << 20;
const ALIGNMENT = MIB / sectorBytes;
/** GRUB's core fills a third of this. */
const CORE_SECTORS = ALIGNMENT;
const LEAST_DATA_SECTORS = 16 * ALIGNMENT;
const KERNEL_ARGUMENTS = "console=tty0 console=ttyS0,115200 quiet panic=10 random.trust_cpu=on";

/** Writes the disk to a new file. Throws "bad-export" if the size is not possible. */
export async function makeLinuxDisk(path: string, options: LinuxDiskOptions): Promise<void> {
  const { cacheDir, image, run, scratch, progress, dataPath } = options;
  const names = partitionNames(options);
  progress("collecting the kernel and its drivers");
  const boot = await makeBootFiles(cacheDir, run, surroundings(names, dataPath), progress);
  progress("making the boot loader");
  const volumeId = createHash("sha256").update(boot.initrd).digest().readUInt32LE(0);
  const inWords = volumeId
    .toString(16)
    .toUpperCase()
    .padStart(8, "0")
    .replace(/^(.{4})/, "$1-");
  const loader = await makeBootLoader({
    cacheDir,
    scratch,
    volumeId: inWords,
    kernelArguments: KERNEL_ARGUMENTS,
    coreSector: ALIGNMENT,
    progress,
  });
  const tools = await fetchDiskTools(cacheDir, progress);
  const system = await makeSystemPartition({ boot, loader, volumeId, scratch }, tools);
  const layout = layOut(
    { system: (await stat(system)).size, root: (await stat(image.root)).size, data: dataPath !== undefined },
    options,
    names,
  );
  progress("writing the disk");
  await write(path, { layout, system, loader, image, seed: `${image.id} ${volumeId}` }, tools);
  if (layout.data !== undefined) await makeDataFileSystem(path, layout.data, image.id);
}

interface Names {
  root: string;
  data: string;
}

/**
 * Linux finds partitions by these names. They contain the image's id, so that a disk finds its own partitions even beside a disk of another
 * image.
 */
function partitionNames({ image }: LinuxDiskOptions): Names {
  const id = image.id.slice(0, 16);
  return { root: `mayfly-root-${id}`, data: `mayfly-data-${id}` };
}

function surroundings(names: Names, dataPath: string | undefined) {
  const data = { disk: { partition: names.data }, path: dataPath ?? "", fs: "ext4" } as const;
  return { root: { partition: names.root }, volumes: dataPath === undefined ? [] : [data], network: "dhcp", afterwards: "reboot" } as const;
}

interface SystemParts {
  boot: BootFiles;
  loader: BootLoader;
  volumeId: number;
  scratch: string;
}

/** Resolves with its file. */
async function makeSystemPartition({ boot, loader, volumeId, scratch }: SystemParts, tools: DiskTools): Promise<string> {
  const files = [
    { path: "EFI/BOOT/BOOTX64.EFI", data: loader.efi },
    { path: "VMLINUZ", data: boot.kernel },
    { path: "INITRD", data: boot.initrd },
  ];
  const path = join(scratch, "system.fat");
  await writeFat32(path, { files, volumeId, hiddenSectors: ALIGNMENT + CORE_SECTORS, scratch }, tools);
  return path;
}

interface Layout {
  partitions: Partition[];
  sectors: number;
  root: Partition;
  data: Partition | undefined;
}

/** @param bytes how many bytes each part needs */
function layOut(bytes: { system: number; root: number; data: boolean }, { size, sizeUnit }: LinuxDiskOptions, names: Names): Layout {
  const core: Partition = { type: "bios-boot", name: "mayfly-bios", start: ALIGNMENT, sectors: CORE_SECTORS };
  const system: Partition = { type: "efi-system", name: "mayfly-efi", start: after(core), sectors: bytes.system / sectorBytes };
  const root: Partition = { type: "linux", name: names.root, start: after(system), sectors: Math.ceil(bytes.root / sectorBytes) };
  const rest = after(root);
  const needed = (rest + (bytes.data ? LEAST_DATA_SECTORS : 0) + gptSectors.after) * sectorBytes;
  const total = size ?? Math.ceil(needed / sizeUnit) * sizeUnit;
  if (total % sizeUnit !== 0) throw badSize(total, `must be a multiple of ${sizeUnit / MIB} MiB`);
  if (total < needed) throw badSize(total, `is too small: at least ${Math.ceil(needed / sizeUnit) * (sizeUnit / MIB)} MiB are needed`);
  const sectors = total / sectorBytes;
  const end = Math.floor((sectors - gptSectors.after) / ALIGNMENT) * ALIGNMENT;
  const data: Partition | undefined = bytes.data ? { type: "linux", name: names.data, start: rest, sectors: end - rest } : undefined;
  return { partitions: [core, system, root, ...(data ? [data] : [])], sectors, root, data };
}

/** The sector at which the next partition starts. */
function after({ start, sectors }: Partition): number {
  return Math.ceil((start + sectors) / ALIGNMENT) * ALIGNMENT;
}

function badSize(size: number, what: string): MayflyError {
  return new MayflyError("bad-export", { what: `a size of ${size / MIB} MiB ${what}` });
}

interface Parts {
  layout: Layout;
  /** The file of the system's partition. */
  system: string;
  loader: BootLoader;
  image: Image;
  seed: string;
}

async function write(path: string, { layout, system, loader, image, seed }: Parts, tools: DiskTools): Promise<void> {
  await writeFile(path, "", { flag: "wx" });
  await truncate(path, layout.sectors * sectorBytes);
  await writeGpt(path, layout.partitions, seed, tools);
  await using disk = await open(path, "r+");
  await disk.write(loader.bootSector, 0, loader.bootSector.length, 0);
  await disk.write(loader.core, 0, loader.core.length, ALIGNMENT * sectorBytes);
  await using from = await open(system);
  await copySparse(from, disk, (ALIGNMENT + CORE_SECTORS) * sectorBytes);
  await using root = await open(image.root);
  await copySparse(root, disk, layout.root.start * sectorBytes);
}

/** The same partition gives the same bytes: times are fixed, and identifiers derive from the image's id. */
async function makeDataFileSystem(path: string, { start, sectors, name }: Partition, seed: string): Promise<void> {
  const hex = createHash("sha256").update(`data ${seed}`).digest("hex");
  const uuid = [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join("-");
  const extended = `offset=${start * sectorBytes},hash_seed=${uuid},root_owner=0:0,nodiscard`;
  const args = ["-q", "-F", "-t", "ext4", "-U", uuid, "-L", name.slice(0, 16), "-E", extended, path, `${sectors / 2}k`];
  await runProgram("mke2fs", args, { name: "mke2fs", env: { E2FSPROGS_FAKE_TIME: "1" } });
}
