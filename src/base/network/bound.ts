/**
 * What manifests may open: the operator's `egress.allow` limits every app's `network.allow`. Public addresses need an entry in neither,
 * except those that never open.
 */
import { type Entry, entriesLookLike, isNamed, parseEntry } from "./allow-list.ts";
import { denialOf, isIn, neverOpen } from "./denied.ts";

/** Why a manifest's entry can have no effect on this server; undefined if it can. */
export function problemOf(text: string, bound: string[]): string | undefined {
  const entry = parseEntry(text);
  if (entry === undefined) return `${shown(text)} is not a valid entry; ${entriesLookLike}`;
  if (isNeverOpen(entry)) return `${shown(text)} is where clouds keep their machines' credentials, which no app may reach`;
  if (isPublic(entry) || bound.some((text) => covers(parseEntry(text), entry))) return undefined;
  return `${shown(text)} is beyond this server's egress.allow, which has ${bound.join(", ") || "no entries"}: the server's operator sets it, and public addresses need no entry`;
}

/** Why the operator does not allow an app this server, even if it is public; undefined if it is allowed. @param text "host:port" */
export function problemOfServer(text: string, bound: string[]): string | undefined {
  const entry = parseEntry(text);
  if (entry === undefined) return `${shown(text)} is no server's name and port`;
  if (isNeverOpen(entry)) return `${shown(text)} is where clouds keep their machines' credentials, which no app may reach`;
  if (bound.some((one) => covers(parseEntry(one), entry))) return undefined;
  return `${shown(text)} is not in this server's egress.allow, which has ${bound.join(", ") || "no entries"}: the server's operator lists there which NFS servers apps may use`;
}

/** Why an operator's entry is not valid; undefined if it is. */
export function problemOfBound(text: string): string | undefined {
  const entry = parseEntry(text);
  if (entry === undefined) return entriesLookLike;
  return isNeverOpen(entry) ? "that is where clouds keep their machines' credentials, which no app may reach" : undefined;
}

function shown(text: string): string {
  return JSON.stringify(text.length <= 100 ? text : `${text.slice(0, 100)}…`);
}

/** Whether the whole range never opens. The rest of a larger range may still be opened. */
function isNeverOpen({ range }: Entry): boolean {
  return (
    range !== undefined &&
    neverOpen.some(({ list, bits, family }) => family === range.first.family && range.bits >= bits && isIn(list, range.first))
  );
}

function isPublic({ range }: Entry): boolean {
  return range !== undefined && range.bits === (range.first.family === 4 ? 32 : 128) && denialOf(range.first) === undefined;
}

/** A name is accepted here whatever it resolves to: when it is looked up, the operator's ranges limit its addresses. */
function covers(bound: Entry | undefined, entry: Entry): boolean {
  if (bound === undefined || (bound.port !== undefined && bound.port !== entry.port)) return false;
  if (bound.range === undefined) return entry.name !== undefined && isNamed(bound, entry.name);
  if (entry.range === undefined) return true;
  const { first, bits } = entry.range;
  return bound.range.first.family === first.family && bound.range.bits <= bits && isIn(bound.range.list, first);
}
