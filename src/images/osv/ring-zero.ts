/**
 * Replaces an instruction of Linux programs that breaks OSv. OSv runs programs in ring 0, where `popfq` also changes the interrupt flag.
 * V8's built-in code is compiled for processors without SAHF, so it copies the floating-point state to the flags by a push and `popfq`.
 * After any `%` of numbers that are not small integers, interrupts therefore stay off, and the next page fault ends the machine.
 *
 * `sahf` does the same without touching the interrupt flag, and every x86-64 that runs a hypervisor has it. So each such place gets `sahf`
 * and a nop of nine bytes, on OSv's disks only. Code that V8 compiles at run time already uses `sahf`.
 */
import { open } from "node:fs/promises";
import { basename } from "node:path";
import { MayflyError } from "../../base/errors/error.ts";
import { counted } from "../../base/words/counted.ts";
import { readPieces } from "../read-pieces.ts";
import type { FileEntry, TreeEntry } from "../tree.ts";
import { loosePopfs } from "./popf.ts";

/** fprem; fnstsw ax. */
const BEFORE = Buffer.from("d9f8dfe0", "hex");
/** shr eax, 8; and eax, 255; push rax; popfq. */
const POPFQ = Buffer.from("c1e80825ff000000509d", "hex");
/** sahf; nop word [rax + rax * 1 + 0]. */
const SAHF = Buffer.from("9e660f1f840000000000", "hex");
const PLACE = Buffer.concat([BEFORE, POPFQ]);
const ELF = Buffer.from("\x7fELF", "latin1");
/** A smaller program of Node's name does not contain V8. */
const LEAST_NODE_BYTES = 16 * 1_048_576;

/** Rejects with "image-build-failed" if a Node has no such place, or also has the instruction in another form. */
export async function forRingZero(tree: TreeEntry[]): Promise<TreeEntry[]> {
  const safe: TreeEntry[] = [];
  for (const entry of tree) safe.push(entry.kind === "file" && (await isProgram(entry)) ? await safeFile(entry) : entry);
  return safe;
}

async function safeFile(file: FileEntry): Promise<FileEntry> {
  const bytes = await bytesOf(file);
  const places = withoutPopfq(bytes);
  const isNode = basename(file.path) === "node" && bytes.length >= LEAST_NODE_BYTES;
  if (isNode && places === 0) throw unknownNode(file.path, "none of the places was found in it");
  const left = isNode ? loosePopfs(bytes).length : 0;
  if (left > 0) throw unknownNode(file.path, `beside ${counted(places, "known place")} it has ${left} in another form`);
  return places > 0 ? { ...file, content: bytes } : file;
}

/** Changes the bytes in place, and returns the number of changed places. */
export function withoutPopfq(program: Buffer): number {
  let places = 0;
  for (let at = program.indexOf(PLACE); at >= 0; at = program.indexOf(PLACE, at + PLACE.length)) {
    SAHF.copy(program, at + BEFORE.length);
    places += 1;
  }
  return places;
}

async function isProgram(file: FileEntry): Promise<boolean> {
  return (await bytesOf(file, ELF.length)).equals(ELF);
}

/** @param most read at most this many bytes from the beginning */
async function bytesOf({ content }: FileEntry, most = Infinity): Promise<Buffer> {
  if (!("from" in content)) return Buffer.from(content.subarray(0, most));
  await using file = await open(content.from, "r");
  const pieces = content.pieces ?? [{ at: 0, bytes: (await file.stat()).size }];
  const [first = { at: 0, bytes: 0 }] = pieces;
  const wanted = most === Infinity ? pieces : [{ at: first.at, bytes: Math.min(first.bytes, most) }];
  return Buffer.concat(await Array.fromAsync(readPieces(file, wanted)));
}

function unknownNode(path: string, found: string): MayflyError {
  const what =
    `${path} is a Node of a version that is not known to run on OSv: V8 takes remainders by an instruction that OSv's programs must not use, ` +
    `and ${found}. Take the Node that Mayfly pins`;
  return new MayflyError("image-build-failed", { what });
}
