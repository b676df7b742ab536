/**
 * The tools that lay out disks, from Debian's packages: mkfs.fat and mtools for FAT32, sfdisk for the partition table. They run from the unpacked
 * packages of one release, whatever the host has, so that the same input gives the same bytes on every host.
 */
import { fetchProgramRoot, hostCommand } from "../debian/program-root.ts";
import { runProgram } from "../run-program.ts";

const places = {
  "mkfs.fat": "/usr/sbin/mkfs.fat",
  mmd: "/usr/bin/mmd",
  mcopy: "/usr/bin/mcopy",
  sfdisk: "/usr/sbin/sfdisk",
} as const;

export interface DiskTools {
  /** @param input what the program reads on its standard input */
  run(program: keyof typeof places, args: string[], input?: string): Promise<void>;
}

/** 1 January 1980 in UTC, the first day that FAT can tell: every time on a disk is this one. */
const FIRST_DAY = "315532800";
/** Nothing of the caller's: a time zone or a configuration of mtools would change bytes. */
const env = { LC_ALL: "C", TZ: "UTC", SOURCE_DATE_EPOCH: FIRST_DAY, MTOOLSRC: "/dev/null" };

export async function fetchDiskTools(cacheDir: string, progress: (step: string) => void): Promise<DiskTools> {
  const root = await fetchProgramRoot({ suite: "bookworm", packages: ["dosfstools", "mtools", "fdisk"], cacheDir, progress });
  /** Libraries are looked for once a program. */
  const commands = new Map<string, Promise<[string, ...string[]]>>();
  return {
    async run(program, args, input) {
      const found = commands.get(program) ?? hostCommand(root, places[program]);
      commands.set(program, found);
      const [command, ...before] = await found;
      await runProgram(command, [...before, ...args], { name: program, bare: true, env, ...(input !== undefined && { input }) });
    },
  };
}
