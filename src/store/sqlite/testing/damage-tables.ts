import { closeSync, openSync, statSync, writeSync } from "node:fs";

/** SQLite's default. The first page has the schema. */
const PAGE_BYTES = 4_096;

/** Overwrites all of a closed database file but its first page, as a disk that has lost sectors: it opens, and its rows cannot be read. */
export function damageTables(file: string): void {
  const { size } = statSync(file);
  const fd = openSync(file, "r+");
  try {
    for (let at = PAGE_BYTES; at < size; at += PAGE_BYTES) writeSync(fd, Buffer.alloc(PAGE_BYTES, 0xa5), 0, PAGE_BYTES, at);
  } finally {
    closeSync(fd);
  }
}
