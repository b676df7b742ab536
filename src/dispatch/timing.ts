import type { InvocationTiming } from "../telemetry/platform-event.ts";

interface MachineTimes {
  startAt: number;
  blankAt: number;
  bindAt: number;
  boundAt: number;
}

/** Divides the time between arrival and sending by what the machine was doing meanwhile. */
export function timingOf(arrivedAt: number, sentAt: number, headAt: number, machine: MachineTimes): InvocationTiming {
  const run = headAt - sentAt;
  if (machine.boundAt <= arrivedAt) return { queue: sentAt - arrivedAt, start: 0, bind: 0, run };
  const start = Math.max(0, machine.blankAt - Math.max(arrivedAt, machine.startAt));
  const bind = machine.boundAt - Math.max(arrivedAt, machine.bindAt);
  // Rounding can make the difference slightly negative.
  return { queue: Math.max(0, sentAt - arrivedAt - start - bind), start, bind, run };
}
