/** Templates on disk: a folder each, with the guest's memory (sparse) and QEMU's state. A folder appears whole or not at all. */
import fs from "node:fs";
import path from "node:path";

import type { FrozenMachine } from "./build-template.ts";
import { createMemoryFile, sealMemoryFile } from "./libc.ts";

const CHUNK = 1_048_576;
const PAGE = 4_096;
const ZEROES = Buffer.alloc(CHUNK);
/** Of other images, sizes or hosts' states as well; they are some 150 MB each. */
const KEPT = 6;

/** Undefined where there is none. Marks it as used just now. */
export async function loadTemplate(folder: string): Promise<FrozenMachine | undefined> {
  if (!fs.existsSync(folder)) return undefined;
  const now = new Date();
  fs.utimesSync(folder, now, now);
  const state = await fs.promises.readFile(path.join(folder, "state"));
  await using file = await fs.promises.open(path.join(folder, "memory"), "r");
  const memory = createMemoryFile("mayfly-template");
  await copySparse(file.fd, memory);
  sealMemoryFile(memory);
  return { memory, state };
}

/** @param image id of the image that the template needs: while the template is there, `mayfly image prune` leaves it. */
export async function saveTemplate(folder: string, { memory, state }: FrozenMachine, image: string): Promise<void> {
  const unfinished = `${folder}.${process.pid}`;
  fs.rmSync(unfinished, { recursive: true, force: true });
  fs.mkdirSync(unfinished, { mode: 0o700 });
  await fs.promises.writeFile(path.join(unfinished, "image"), `${image}\n`);
  await using stateFile = await fs.promises.open(path.join(unfinished, "state"), "w");
  await stateFile.writeFile(state);
  await stateFile.datasync();
  await using memoryFile = await fs.promises.open(path.join(unfinished, "memory"), "w");
  await copySparse(memory, memoryFile.fd);
  await memoryFile.datasync();
  await fs.promises.rename(unfinished, folder);
}

/** Removes the longest unused, and what a build that was killed has left. The caller holds a template's lock. */
export function pruneTemplates(parent: string): void {
  const folders = fs.readdirSync(parent, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const byUse = folders.map(({ name }) => ({ folder: path.join(parent, name), used: fs.statSync(path.join(parent, name)).mtimeMs }));
  for (const { folder } of byUse.toSorted((a, b) => b.used - a.used).slice(KEPT)) fs.rmSync(folder, { recursive: true, force: true });
}

/** Leaves out pages of zeroes: a template's memory is half empty, and what is empty costs neither disk nor memory. */
async function copySparse(from: number, to: number): Promise<void> {
  const { size } = fs.fstatSync(from);
  fs.ftruncateSync(to, size);
  const chunk = Buffer.allocUnsafe(CHUNK);
  for (let at = 0; at < size; at += CHUNK) {
    const bytes = await read(from, chunk, at);
    if (!isZero(chunk, 0, bytes)) writePages(to, chunk, bytes, at);
  }
}

function writePages(to: number, chunk: Buffer, bytes: number, at: number): void {
  for (let start = 0; start < bytes;) {
    const end = endOfRun(chunk, start, bytes);
    if (!isZero(chunk, start, Math.min(start + PAGE, bytes))) fs.writeSync(to, chunk, start, end - start, at + start);
    start = end;
  }
}

/** The end of the pages that, from `start` on, are all zero, or all not. */
function endOfRun(chunk: Buffer, start: number, bytes: number): number {
  const zero = isZero(chunk, start, Math.min(start + PAGE, bytes));
  let end = start + PAGE;
  while (end < bytes && isZero(chunk, end, Math.min(end + PAGE, bytes)) === zero) end += PAGE;
  return Math.min(end, bytes);
}

function isZero(chunk: Buffer, start: number, end: number): boolean {
  return chunk.compare(ZEROES, 0, end - start, start, end) === 0;
}

function read(fd: number, chunk: Buffer, at: number): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.read(fd, chunk, 0, CHUNK, at, (error, bytes) => (error === null ? resolve(bytes) : reject(error)));
  });
}
