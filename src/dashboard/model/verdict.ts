/** What a simulation's two sides mean, in one sentence. Pure. */
import { milliseconds, number, share } from "./format.ts";

interface Side {
  calls: number;
  refused: number;
  waitedForMachine: number;
  waitMs: { p99: number };
  cost: number;
}

/** Differences below this share are within what chance makes of a run. */
const SAME = 0.02;

export function verdictOf(now: Side, then: Side): string {
  if (now.calls === 0) return "Nobody called the app in this time, so that no rule makes a difference.";
  const parts = [waitsInWords(now, then), costInWords(now, then)];
  const refused = then.refused - now.refused;
  const calls = Math.abs(refused) === 1 ? "call" : "calls";
  if (refused !== 0) parts.push(`${number(Math.abs(refused))} ${refused > 0 ? "more" : "fewer"} ${calls} would have been refused`);
  return `With these rules ${parts.filter(Boolean).join(", and ")}.`;
}

function waitsInWords(now: Side, then: Side): string {
  const [before, after] = [now.waitMs.p99, then.waitMs.p99];
  const waited = (side: Side) => share(side.waitedForMachine / side.calls);
  if (isSame(before, after) && isSame(now.waitedForMachine, then.waitedForMachine)) return "callers would have waited as they did";
  if (isSame(before, after)) return `${waited(then)} of callers would have waited for a machine instead of ${waited(now)}`;
  return `one caller in a hundred would have waited ${milliseconds(after)} or longer instead of ${milliseconds(before)}`;
}

function costInWords(now: Side, then: Side): string {
  if (isSame(now.cost, then.cost)) return "machines would have cost the same";
  if (now.cost === 0) return "machines would have cost something instead of nothing";
  const times = then.cost / now.cost;
  return times > 1 ? `machines would have cost ${number(times)} times as much` : `machines would have cost ${share(1 - times)} less`;
}

function isSame(before: number, after: number): boolean {
  return Math.abs(after - before) <= SAME * Math.max(before, after);
}
