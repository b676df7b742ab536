/** A small FAT32 file system, which every firmware reads, made by mkfs.fat and mtools. The same files give the same bytes. */
import { mkdir, open, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { DiskTools } from "./disk-tools.ts";

const SECTOR = 512;
const RESERVED_SECTORS = 32;
const FATS = 2;
/** In a FAT. */
const ENTRY_BYTES = 4;
/** Fewer clusters would make it a FAT16, whatever its boot sector says. */
const LEAST_CLUSTERS = 65_525;
/** Left free: mkfs.fat reckons the size of its FATs in a way of its own. */
const SPARE_CLUSTERS = 64;

interface FatFile {
  /** Names of upper case, 8.3, for example "EFI/BOOT/BOOTX64.EFI". Folders are made as needed. */
  path: string;
  data: Buffer;
}

export interface FatOptions {
  files: FatFile[];
  /** Shown as XXXX-XXXX. */
  volumeId: number;
  /** The partition's first sector on its disk. */
  hiddenSectors: number;
  /** A folder to work in. */
  scratch: string;
}

/** Writes all of the file system to a file that does not exist yet, as large as it must be. */
export async function writeFat32(path: string, { files, volumeId, hiddenSectors, scratch }: FatOptions, tools: DiskTools): Promise<void> {
  await using volume = await open(path, "wx");
  await volume.truncate(sectorsFor(files) * SECTOR);
  const id = volumeId.toString(16).padStart(8, "0");
  const shape = ["-F", "32", "-S", `${SECTOR}`, "-s", "1", "-R", `${RESERVED_SECTORS}`, "-f", `${FATS}`, "-a"];
  await tools.run("mkfs.fat", ["--invariant", ...shape, "-h", `${hiddenSectors}`, "-i", id, "-n", "MAYFLY", path]);
  const folders = foldersOf(files);
  if (folders.length > 0) await tools.run("mmd", ["-i", path, ...folders.map((folder) => `::${folder}`)]);
  for (const file of files) {
    const source = join(scratch, "fat", file.path);
    await mkdir(dirname(source), { recursive: true });
    await writeFile(source, file.data);
    await tools.run("mcopy", ["-i", path, source, `::${file.path}`]);
  }
}

/** Each after the one that it lies in. */
function foldersOf(files: FatFile[]): string[] {
  const folders = files.flatMap(({ path }) => {
    const names = path.split("/").slice(0, -1);
    return names.map((_, depth) => names.slice(0, depth + 1).join("/"));
  });
  return [...new Set(folders)];
}

function sectorsFor(files: FatFile[]): number {
  const inFiles = files.reduce((sum, { data }) => sum + Math.ceil(data.length / SECTOR), 0);
  // A folder of some files takes a sector or two; the root is one.
  const used = inFiles + 2 * (foldersOf(files).length + 1) + Math.ceil(files.length / 8);
  const clusters = Math.max(LEAST_CLUSTERS, used) + SPARE_CLUSTERS;
  return RESERVED_SECTORS + FATS * Math.ceil(((clusters + 2) * ENTRY_BYTES) / SECTOR) + clusters;
}
