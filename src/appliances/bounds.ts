/** How much of this host all appliances together may have: the settings `appliances.maxMemoryMb` and `appliances.maxDiskMb`. */
import { statfsSync } from "node:fs";
import { totalmem } from "node:os";
import type { Config } from "../base/config/schema.ts";
import { MayflyError } from "../base/errors/error.ts";

export interface Bounds {
  /** MB of memory of the machines that run or are to run. */
  maxMemoryMb: number;
  /** MB of the disks, by their sizes, whether an appliance has them or not. */
  maxDiskMb: number;
}

const MIB = 1 << 20;

/** All of the host's memory, and half of the state folder's disk, where the settings do not say. */
export function boundsOf({ appliances, stateDir }: Pick<Config, "appliances" | "stateDir">): Bounds {
  const { maxMemoryMb = Math.floor(totalmem() / MIB), maxDiskMb = halfOfDisk(stateDir) } = appliances;
  return { maxMemoryMb, maxDiskMb };
}

function halfOfDisk(folder: string): number {
  const { blocks, bsize } = statfsSync(folder);
  return Math.floor((blocks * bsize) / 2 / MIB);
}

/**
 * Throws "not-permitted".
 * @param takenMb what the other appliances have
 */
export function checkMemory(askedMb: number, takenMb: number, { maxMemoryMb }: Pick<Bounds, "maxMemoryMb">): void {
  const rule = `machines of all appliances together may have ${maxMemoryMb} MB of memory`;
  check("appliances.maxMemoryMb", rule, askedMb, takenMb, maxMemoryMb);
}

/** As checkMemory(). @param takenMb the sizes of the disks that are there */
export function checkDisk(askedMb: number, takenMb: number, { maxDiskMb }: Pick<Bounds, "maxDiskMb">): void {
  const rule = `the disks of all appliances together may be ${maxDiskMb} MB large`;
  check("appliances.maxDiskMb", rule, askedMb, takenMb, maxDiskMb);
}

function check(key: string, rule: string, asked: number, taken: number, most: number): void {
  const lacking = asked + taken - most;
  if (lacking <= 0) return;
  const what = `${rule}, others have ${taken}, and this one asks for ${asked}`;
  throw new MayflyError("not-permitted", { what, key, entry: `${lacking} MB` });
}
