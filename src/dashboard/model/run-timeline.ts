/** What happened in a durable execution, as bars on a line of time. Pure. */
import type { RunHistoryReply } from "./replies.ts";

export interface Bar {
  name: string;
  /** Such as Step, Wait or Callback. */
  kind: string;
  from: number;
  to: number;
  state: "running" | "succeeded" | "failed";
  /** Where the bar begins and how long it is, as shares of the whole time. */
  left: number;
  width: number;
}

/** An event's type is what it is about, and what became of that: StepSucceeded. */
const END = /(Succeeded|Failed|TimedOut|Stopped|Cancelled)$/;

/** A bar for each operation, in the order in which they began. @param until when the execution ended, or now */
export function barsOf({ events }: RunHistoryReply, from: number, until: number): Bar[] {
  const whole = Math.max(1, until - from);
  const byOperation = Map.groupBy(
    // The execution as a whole is an operation, too.
    events.filter(({ operation, type }) => operation !== null && !type.startsWith("Execution")),
    ({ operation }) => operation!.id,
  );
  return [...byOperation.values()].map((own) => {
    const [first, last] = [own[0]!, own.at(-1)!];
    const isOver = END.test(last.type);
    const to = isOver ? last.at : until;
    const state = !isOver ? "running" : last.type.endsWith("Succeeded") ? "succeeded" : "failed";
    const kind = first.type.replace(/(Started|Succeeded|Failed|TimedOut|Stopped|Cancelled)$/, "");
    const [left, width] = [share(first.at - from, whole), share(to - first.at, whole)];
    return { name: first.operation?.name ?? kind, kind, from: first.at, to, state, left, width };
  });
}

function share(part: number, whole: number): number {
  return Math.min(1, Math.max(0, part / whole));
}
