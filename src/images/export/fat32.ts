/**
 * Writes a small FAT32 file system, which every firmware reads: Microsoft's fatgen103 specification. Names are 8.3 and upper case, files lie
 * in one piece each, times are fixed; the same files give the same bytes.
 */
const SECTOR = 512;
const RESERVED_SECTORS = 32;
const FATS = 2;
/** Fewer clusters would make it a FAT16, whatever its boot sector says. */
const LEAST_CLUSTERS = 65_525;
const FIRST_CLUSTER = 2;
const LAST_OF_FILE = 0x0fffffff;
/** 1 January 1980, the first day of FAT. */
const FIRST_DAY = 0x21;
const Attribute = { Directory: 0x10, Archive: 0x20 } as const;

interface FatFile {
  /** For example "EFI/BOOT/BOOTX64.EFI". Folders are made as needed. */
  path: string;
  data: Buffer;
}

export interface FatOptions {
  files: FatFile[];
  /** Shown as XXXX-XXXX. */
  volumeId: number;
  /** The partition's first sector on its disk. */
  hiddenSectors: number;
}

interface Folder {
  name: string;
  files: { name: string; data: Buffer }[];
  folders: Folder[];
}

/** All of the file system, as large as it must be. */
export function makeFat32(options: FatOptions): Buffer {
  const chains: Buffer[] = [];
  layOut(treeOf(options.files), 0, chains);
  const used = chains.reduce((sum, chain) => sum + clustersOf(chain), 0);
  const clusters = Math.max(LEAST_CLUSTERS + 16, used + 16);
  const fatSectors = Math.ceil(((clusters + FIRST_CLUSTER) * 4) / SECTOR);
  const dataAt = (RESERVED_SECTORS + FATS * fatSectors) * SECTOR;
  const volume = Buffer.alloc(dataAt + clusters * SECTOR);
  writeHead(volume, options, { fatSectors, free: clusters - used, next: FIRST_CLUSTER + used });
  writeFats(volume, chains, fatSectors);
  writeChains(volume, chains, dataAt);
  return volume;
}

function treeOf(files: FatFile[]): Folder {
  const root: Folder = { name: "", files: [], folders: [] };
  for (const { path, data } of files) {
    const names = path.split("/");
    const folder = names.slice(0, -1).reduce(subfolder, root);
    folder.files.push({ name: names.at(-1)!, data });
  }
  return root;
}

function subfolder(parent: Folder, name: string): Folder {
  const found = parent.folders.find((folder) => folder.name === name);
  if (found !== undefined) return found;
  const made = { name, files: [], folders: [] };
  parent.folders.push(made);
  return made;
}

/** Gives each folder and file its clusters, the root first. Returns the folder's first cluster. */
function layOut(folder: Folder, parent: number, chains: Buffer[]): number {
  const own = nextCluster(chains);
  const isRoot = folder.name === "";
  const count = folder.files.length + folder.folders.length + (isRoot ? 0 : 2);
  const entries = Buffer.alloc(Math.ceil(Math.max(1, count * 32) / SECTOR) * SECTOR);
  chains.push(entries);
  const rows: Buffer[] = isRoot ? [] : [entry(".", own, 0, true), entry("..", parent, 0, true)];
  for (const child of folder.folders) rows.push(entry(child.name, layOut(child, isRoot ? 0 : own, chains), 0, true));
  for (const { name, data } of folder.files) {
    rows.push(entry(name, data.length === 0 ? 0 : nextCluster(chains), data.length, false));
    if (data.length > 0) chains.push(data);
  }
  Buffer.concat(rows).copy(entries);
  return own;
}

function nextCluster(chains: Buffer[]): number {
  return chains.reduce((at, chain) => at + clustersOf(chain), FIRST_CLUSTER);
}

function clustersOf(chain: Buffer): number {
  return Math.ceil(chain.length / SECTOR);
}

function entry(name: string, cluster: number, size: number, isFolder: boolean): Buffer {
  const bytes = Buffer.alloc(32);
  bytes.write(shortName(name), 0, "latin1");
  bytes[11] = isFolder ? Attribute.Directory : Attribute.Archive;
  for (const at of [16, 18, 24]) bytes.writeUInt16LE(FIRST_DAY, at);
  bytes.writeUInt16LE(cluster >>> 16, 20);
  bytes.writeUInt16LE(cluster & 0xffff, 26);
  bytes.writeUInt32LE(size, 28);
  return bytes;
}

function shortName(name: string): string {
  if (/^\.{1,2}$/.test(name)) return name.padEnd(11);
  const [, stem, extension = ""] = /^([A-Z0-9_-]{1,8})(?:\.([A-Z0-9_-]{1,3}))?$/.exec(name) ?? [];
  if (stem === undefined) throw new Error(`${name} is no 8.3 name`);
  return stem.padEnd(8) + extension.padEnd(3);
}

function writeHead(
  volume: Buffer,
  { volumeId, hiddenSectors }: FatOptions,
  { fatSectors, free, next }: { fatSectors: number; free: number; next: number },
): void {
  const boot = volume.subarray(0, SECTOR);
  Buffer.from([0xeb, 0x58, 0x90]).copy(boot);
  boot.write("MAYFLY  ", 3, "latin1");
  boot.writeUInt16LE(SECTOR, 11);
  boot[13] = 1;
  boot.writeUInt16LE(RESERVED_SECTORS, 14);
  boot[16] = FATS;
  boot[21] = 0xf8;
  boot.writeUInt16LE(63, 24);
  boot.writeUInt16LE(255, 26);
  boot.writeUInt32LE(hiddenSectors, 28);
  boot.writeUInt32LE(volume.length / SECTOR, 32);
  boot.writeUInt32LE(fatSectors, 36);
  boot.writeUInt32LE(FIRST_CLUSTER, 44);
  boot.writeUInt16LE(1, 48);
  boot.writeUInt16LE(6, 50);
  boot[64] = 0x80;
  boot[66] = 0x29;
  boot.writeUInt32LE(volumeId, 67);
  boot.write("MAYFLY     FAT32   ", 71, "latin1");
  boot.writeUInt16LE(0xaa55, 510);
  const info = volume.subarray(SECTOR, 2 * SECTOR);
  info.writeUInt32LE(0x41615252, 0);
  info.writeUInt32LE(0x61417272, 484);
  info.writeUInt32LE(free, 488);
  info.writeUInt32LE(next, 492);
  info.writeUInt32LE(0xaa550000, 508);
  // The copy that the boot sector names.
  volume.copy(volume, 6 * SECTOR, 0, 2 * SECTOR);
}

function writeFats(volume: Buffer, chains: Buffer[], fatSectors: number): void {
  const fat = volume.subarray(RESERVED_SECTORS * SECTOR, (RESERVED_SECTORS + fatSectors) * SECTOR);
  fat.writeUInt32LE(0x0ffffff8, 0);
  fat.writeUInt32LE(LAST_OF_FILE, 4);
  let cluster = FIRST_CLUSTER;
  for (const chain of chains) {
    const end = cluster + clustersOf(chain);
    for (; cluster < end; cluster++) fat.writeUInt32LE(cluster + 1 === end ? LAST_OF_FILE : cluster + 1, cluster * 4);
  }
  fat.copy(volume, (RESERVED_SECTORS + fatSectors) * SECTOR);
}

function writeChains(volume: Buffer, chains: Buffer[], dataAt: number): void {
  let at = dataAt;
  for (const chain of chains) {
    chain.copy(volume, at);
    at += clustersOf(chain) * SECTOR;
  }
}
