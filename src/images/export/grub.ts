/**
 * Builds GRUB from Debian's packages into the two files that start an exported disk: one for BIOS, one for UEFI. GRUB's tools run from the
 * unpacked packages; nothing is installed.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fetchProgramRoot, hostCommand } from "../debian/program-root.ts";
import { runProgram } from "../run-program.ts";
import { sectorBytes } from "./gpt.ts";

export interface BootLoader {
  /** The first 440 bytes of the disk, which load the core from its partition. */
  bootSector: Buffer;
  /** The content of the BIOS boot partition. */
  core: Buffer;
  /** The UEFI application. */
  efi: Buffer;
}

export interface BootLoaderOptions {
  cacheDir: string;
  /** A folder to work in. */
  scratch: string;
  /** The id of the file system that contains the kernel: XXXX-XXXX. */
  volumeId: string;
  kernelArguments: string;
  /** The sector of the disk at which `core` will lie. */
  coreSector: number;
  progress: (step: string) => void;
}

const packages = ["grub-common", "grub-pc-bin", "grub-efi-amd64-bin"];
const commonModules = ["part_gpt", "fat", "search_fs_uuid", "linux", "boot"];

export async function makeBootLoader(options: BootLoaderOptions): Promise<BootLoader> {
  const { cacheDir, scratch, progress, coreSector } = options;
  const root = await fetchProgramRoot({ suite: "bookworm", packages, cacheDir, progress });
  const config = join(scratch, "grub.cfg");
  await writeFile(config, configText(options));
  const core = await makeImage(root, { config, scratch, format: "i386-pc", modules: ["biosdisk", ...commonModules] });
  const efi = await makeImage(root, { config, scratch, format: "x86_64-efi", modules: commonModules });
  const boot = await readFile(join(root, "usr/lib/grub/i386-pc/boot.img"));
  return { bootSector: patchBootSector(boot, coreSector), core: patchCore(core, coreSector), efi };
}

function configText({ volumeId, kernelArguments }: BootLoaderOptions): string {
  return `search.fs_uuid ${volumeId} root\nlinux /VMLINUZ ${kernelArguments}\ninitrd /INITRD\nboot\n`;
}

interface ImagePlan {
  config: string;
  scratch: string;
  format: "i386-pc" | "x86_64-efi";
  modules: string[];
}

async function makeImage(root: string, { config, scratch, format, modules }: ImagePlan): Promise<Buffer> {
  const [program, ...before] = await hostCommand(root, "/usr/bin/grub-mkimage");
  const output = join(scratch, `${format}.img`);
  const args = ["-O", format, "-d", join(root, "usr/lib/grub", format), "-o", output, "-p", "/", "-c", config, ...modules];
  await runProgram(program, [...before, ...args], { name: "grub-mkimage" });
  return readFile(output);
}

/** Makes the changes that grub-bios-setup makes to GRUB's boot.img (include/grub/i386/pc/boot.h). */
function patchBootSector(boot: Buffer, coreSector: number): Buffer {
  const patched = Buffer.from(boot.subarray(0, 440));
  patched.writeBigUInt64LE(BigInt(coreSector), 0x5c);
  // Replaces a jump by no-ops, so that the drive's number is checked, which is right for hard disks.
  patched.writeUInt16LE(0x9090, 0x66);
  return patched;
}

/** The core's first sector loads the others by a list of blocks at its end; this fills in their place. */
function patchCore(core: Buffer, coreSector: number): Buffer {
  const patched = Buffer.alloc(Math.ceil(core.length / sectorBytes) * sectorBytes);
  core.copy(patched);
  patched.writeBigUInt64LE(BigInt(coreSector + 1), sectorBytes - 12);
  return patched;
}
