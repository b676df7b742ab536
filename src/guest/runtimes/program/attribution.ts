/**
 * Says to which invocation a line belongs that a program printed. Nobody tells the agent, so it goes by what is in flight: a line belongs to the only
 * invocation in flight, or to the one whose id it contains; otherwise it belongs to none.
 */
import type { Print } from "../../agent/log/lines.ts";
import type { Log } from "../../agent/log/log.ts";
import type { Invocation } from "../../agent/invocation/invocation.ts";

/** What an invocation's id may consist of. */
const WORD = /[A-Za-z0-9_-]{4,}/g;

/** @param inFlight the invocations that the program works on, by id */
export function attributed(log: Log, inFlight: ReadonlyMap<string, { invocation: Invocation }>): Print {
  /** The owner of a line of which only a piece has been printed, by level: the rest belongs to it, too. */
  const owners = new Map<number, Invocation | null>();
  return (level, text, partial = false) => {
    const open = owners.get(level);
    const owner = open === undefined ? ownerOf(text, inFlight) : open;
    if (partial) owners.set(level, owner);
    else owners.delete(level);
    log.write(owner, level, text, partial);
  };
}

function ownerOf(line: string, inFlight: ReadonlyMap<string, { invocation: Invocation }>): Invocation | null {
  if (inFlight.size <= 1) return inFlight.values().next().value?.invocation ?? null;
  for (const [word] of line.matchAll(WORD)) {
    const work = inFlight.get(word);
    if (work !== undefined) return work.invocation;
  }
  return null;
}
