/** The digest by which large files are found: over the bytes as they are uploaded, which are the length of the list, the list, and the contents. */
import { createHash, type Hash } from "node:crypto";

export function beginFilesDigest(list: Uint8Array): Hash {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(list.byteLength);
  return createHash("sha256").update(length).update(list);
}

/** Never that of code in the catalog's tables. */
export function filesDigest(hash: Hash): string {
  return `large-${hash.digest("hex")}`;
}
