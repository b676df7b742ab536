/**
 * The members of an ar archive, the format of a .deb (deb(5)): for each a header of 60 bytes and its content, beginning at even offsets.
 */
import type { FileHandle } from "node:fs/promises";
import { expect } from "./expect.ts";

export interface Member {
  name: string;
  at: number;
  bytes: number;
}

const MAGIC = "!<arch>\n";
const HEADER = 60;
/** A .deb has three members. */
const MOST_MEMBERS = 16;

/** Rejects with UnsoundArchive. */
export async function readAr(file: FileHandle): Promise<Member[]> {
  const { size } = await file.stat();
  expect((await textAt(file, 0, MAGIC.length)) === MAGIC, "it is not an ar archive");
  const found: Member[] = [];
  for (let at = MAGIC.length; at < size;) {
    expect(found.length < MOST_MEMBERS, `it has over ${MOST_MEMBERS} members`);
    const header = await textAt(file, at, HEADER);
    const [, name, bytes] = /^([^ /]{1,16}) *\/?.{32}(\d{1,10}) *`\n$/s.exec(header) ?? [];
    expect(name !== undefined && bytes !== undefined, "it has a header that is none");
    const member = { name, at: at + HEADER, bytes: Number(bytes) };
    expect(member.at + member.bytes <= size, `its member ${JSON.stringify(name)} lies beyond its end`);
    found.push(member);
    at = member.at + member.bytes + (member.bytes % 2);
  }
  return found;
}

async function textAt(file: FileHandle, at: number, length: number): Promise<string> {
  const { bytesRead, buffer } = await file.read(Buffer.alloc(length), 0, length, at);
  return buffer.toString("latin1", 0, bytesRead);
}
