/** qemu-img gives each disk random identifiers; these are replaced by identifiers derived from the content. */
import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";

export async function makeReproducible(path: string, format: "qcow2" | "vmdk" | "vdi", seed: string): Promise<void> {
  if (format === "qcow2") return;
  const id = createHash("sha256").update(`${format} ${seed}`).digest();
  await using disk = await open(path, "r+");
  await (format === "vdi" ? setVdiIds(disk, id) : setVmdkId(disk, id));
}

/** Two UUIDs in the VDI header: the image's, and its last snapshot's. */
async function setVdiIds(disk: FileHandle, id: Buffer): Promise<void> {
  const uuids = Buffer.from(id.subarray(0, 32));
  for (const at of [0, 16]) {
    uuids[at + 7] = (uuids[at + 7]! & 0x0f) | 0x40;
    uuids[at + 8] = (uuids[at + 8]! & 0x3f) | 0x80;
  }
  await disk.write(uuids, 0, 32, 0x188);
}

const DESCRIPTOR = { at: 512, bytes: 20 * 512 };

/** The content id: a line of the descriptor, which is text followed by zeroes. */
async function setVmdkId(disk: FileHandle, id: Buffer): Promise<void> {
  const bytes = Buffer.alloc(DESCRIPTOR.bytes);
  await disk.read(bytes, 0, bytes.length, DESCRIPTOR.at);
  const text = bytes.toString("latin1", 0, bytes.indexOf(0));
  // The highest values mean "none".
  const cid = (id.readUInt32LE(0) & 0x7fffffff).toString(16).padStart(8, "0");
  const changed = text.replace(/^CID=[0-9a-f]+$/m, `CID=${cid}`);
  bytes.fill(0, 0, Math.max(text.length, changed.length));
  bytes.write(changed, 0, "latin1");
  await disk.write(bytes, 0, bytes.length, DESCRIPTOR.at);
}
