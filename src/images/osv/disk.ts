/**
 * The disk that OSv mounts as its root: a partition table whose second entry is a ROFS (OSv's /dev/vblk0.1). On OSv's own disks, the
 * kernel's boot code lies before the partition. If QEMU is given the kernel separately, the partition begins at byte 512.
 */
import { open } from "node:fs/promises";
import { BLOCK } from "../rofs/format.ts";
import { planRofs } from "../rofs/plan.ts";
import { type Rofs, openRofs } from "../rofs/read-rofs.ts";
import { writePlan } from "../rofs/write-rofs.ts";
import type { TreeEntry } from "../tree.ts";
import { partitionOf, setPartition } from "./partition-table.ts";

/** Counted from 0. */
const ROOT_PARTITION = 1;

/**
 * Writes the tree as a new disk without a kernel, or behind the given boot code.
 *
 * @param boot what lies before the partition: whole blocks, with a boot record of its own
 * @returns the disk's size in bytes
 */
export async function writeOsvDisk(tree: TreeEntry[], file: string, boot: Buffer = Buffer.alloc(BLOCK)): Promise<number> {
  const plan = await planRofs(tree);
  const head = Buffer.from(boot);
  setPartition(head, ROOT_PARTITION, { first: boot.length / BLOCK, blocks: plan.bytes / BLOCK });
  await using disk = await open(file, "wx");
  await writePlan(plan, disk, head.length);
  await disk.write(head, 0, head.length, 0);
  return head.length + plan.bytes;
}

/** Rejects with an Error if the disk has no such partition, or the partition has no valid ROFS. */
export async function openOsvDisk(file: string): Promise<Rofs> {
  const record = Buffer.alloc(BLOCK);
  {
    await using disk = await open(file, "r");
    await disk.read(record, 0, BLOCK, 0);
  }
  const partition = partitionOf(record, ROOT_PARTITION);
  if (partition === undefined) throw new Error(`${file} has no second partition`);
  return openRofs(file, partition.first * BLOCK);
}
