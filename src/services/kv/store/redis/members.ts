/** What hashes and sets have in common: members that are found by their fields, in the order of digests. */
import type { Reply } from "../../redis/commands.ts";
import { bytesOf, numberOf, optionsIn } from "./arguments.ts";
import { countOf, cursorOf, patternOf } from "./keys.ts";
import { notWhole, Refusal } from "./refusal.ts";
import { DIGESTS, type Member } from "./rows.ts";
import type { Space, Structure } from "./space.ts";

/** Members of which all are looked at by one command. */
const MOST_MEMBERS = 200_000;
/** Up to so many, a random one is found by its place, and each is as likely as another. */
const FEW = 1_000;

/** All of them. Throws if they are too many, or would be too large a reply. */
export function allOf(space: Space, { structure, members }: Structure, use: (member: Member) => number): void {
  if (members > MOST_MEMBERS) throw new Refusal(`ERR there are more than ${MOST_MEMBERS} members: go through them with HSCAN or SSCAN`);
  space.tire(members);
  for (const member of space.rows.members(structure)) space.give(use(member));
}

/** Returns whether it is new. */
export function putMember(space: Space, structure: Structure, field: Uint8Array, value: Uint8Array): boolean {
  const bytes = space.rows.memberBytes(structure.structure, field);
  space.rows.putMember(structure.structure, field, value);
  structure.bytes += bytes === undefined ? field.length + value.length : value.length - bytes;
  if (bytes === undefined) structure.members++;
  space.wrote(10 + ((field.length + value.length) >> 10));
  return bytes === undefined;
}

/** Returns whether it was there. */
export function removeMember(space: Space, structure: Structure, field: Uint8Array): boolean {
  const bytes = space.rows.memberBytes(structure.structure, field);
  if (bytes === undefined) return false;
  space.rows.removeMember(structure.structure, field);
  structure.bytes -= field.length + bytes;
  structure.members--;
  space.wrote(10);
  return true;
}

/** HSCAN and SSCAN. @param shown what of a member is in the reply, besides its field */
export function scanMembers(
  space: Space,
  found: Structure | undefined,
  args: readonly Uint8Array[],
  shown: (member: Member) => Uint8Array[],
): Reply {
  const [cursor, ...rest] = args;
  const from = cursorOf(cursor!);
  const options = optionsIn(rest, { values: ["MATCH", "COUNT"] });
  const [fits, count] = [patternOf(options.get("MATCH")), countOf(options.get("COUNT"))];
  if (found === undefined) return [bytesOf("0"), []];
  const { found: members, next } = space.rows.membersFrom(found.structure, from, count);
  space.tire(2 * members.length);
  const replies: Uint8Array[] = [];
  for (const member of members) {
    if (fits !== undefined && !fits(member.field)) continue;
    replies.push(member.field);
    replies.push(...shown(member));
  }
  for (const { length } of replies) space.give(length);
  return [bytesOf(String(next ?? 0)), replies];
}

/** One member, at random. In a large structure it is the first from a random digest on. */
export function anyMember({ rows }: Space, { structure, members }: Structure): Member {
  if (members <= FEW) return rows.memberAt(structure, Math.floor(Math.random() * members));
  const [from] = rows.membersFrom(structure, Math.floor(Math.random() * DIGESTS), 1).found;
  return from ?? rows.membersFrom(structure, 0, 1).found[0]!;
}

/** So many different ones, at random; all if there are no more. */
export function someMembers(space: Space, structure: Structure, count: number): Member[] {
  const { members } = structure;
  if (count >= members || members <= FEW) {
    const all: Member[] = [];
    allOf(space, structure, (member) => {
      all.push(member);
      return 0;
    });
    return shuffled(all).slice(0, count);
  }
  // More than half of them are found by leaving out the others.
  if (2 * count > members) {
    const left = new Set(someMembers(space, structure, members - count).map(nameOf));
    return someMembers(space, structure, members).filter((member) => !left.has(nameOf(member)));
  }
  const found = new Map<string, Member>();
  while (found.size < count) {
    const member = anyMember(space, structure);
    if (!found.has(nameOf(member))) space.give(0);
    found.set(nameOf(member), member);
    space.tire(5);
  }
  return [...found.values()];
}

/** SRANDMEMBER's and HRANDFIELD's count: below 0, members may come several times. Throws if it is too large. */
export function randomMembers(space: Space, structure: Structure | undefined, given: Uint8Array): Member[] {
  const count = numberOf(given);
  if (Math.abs(count) > MOST_MEMBERS) throw notWhole();
  if (structure === undefined || count === 0) return [];
  if (count > 0) return someMembers(space, structure, count);
  return Array.from({ length: -count }, () => {
    const member = anyMember(space, structure);
    space.give(member.field.length + member.value.length);
    space.tire(5);
    return member;
  });
}

export function nameOf({ field }: Pick<Member, "field">): string {
  return Buffer.from(field.buffer, field.byteOffset, field.length).toString("latin1");
}

function shuffled<T>(all: T[]): T[] {
  for (let at = all.length - 1; at > 0; at--) {
    const other = Math.floor(Math.random() * (at + 1));
    [all[at], all[other]] = [all[other]!, all[at]!];
  }
  return all;
}
