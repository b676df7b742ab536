import { useEffect, useState } from "preact/hooks";
import { type DemandRules, type Played, WhatIf } from "../../../../simulator/what-if.ts";
import type { DemandReply } from "../../../model/replies.ts";

export interface Compared {
  /** When what was played began, milliseconds since the epoch. */
  from: number;
  now: Played;
  whatIf: Played;
}

export type Comparing = { state: "playing"; progress: number } | { state: "done"; compared: Compared } | { state: "failed"; why: string };

/** Things that happen between two looks at the clock, and milliseconds after which the page has its turn: a frame takes 16. */
const AT_ONCE = 500;
const TURN_MS = 10;

/** Plays the demand under the rules as they are and under others, in turns with what the page does. Whatever is changed meanwhile begins anew. */
export function useWhatIf(demand: DemandReply, rules: DemandRules): Comparing {
  const [comparing, setComparing] = useState<Comparing>({ state: "playing", progress: 0 });
  useEffect(() => {
    const over = new AbortController();
    compare(demand, rules, over.signal, (progress) => setComparing({ state: "playing", progress })).then(
      (compared) => compared && setComparing({ state: "done", compared }),
      (error: unknown) => setComparing({ state: "failed", why: (error as Error).message }),
    );
    return () => over.abort();
  }, [demand, JSON.stringify(rules)]);
  return comparing;
}

/** Resolves with undefined if it was aborted. */
async function compare(
  demand: DemandReply,
  rules: DemandRules,
  signal: AbortSignal,
  tell: (progress: number) => void,
): Promise<Compared | undefined> {
  const sides = [new WhatIf(demand, demand.rules, demand.prices), new WhatIf(demand, rules, demand.prices)] as const;
  for (const [index, side] of sides.entries())
    for (let isOver = false; !isOver;) {
      const end = performance.now() + TURN_MS;
      while (!isOver && performance.now() < end) isOver = side.advance(AT_ONCE);
      tell((index + side.progress) / sides.length);
      await nextTurn();
      if (signal.aborted) return undefined;
    }
  return { from: sides[0].from, now: sides[0].played(), whatIf: sides[1].played() };
}

/** Comes after what waits already, such as a click; timers of 0 ms would come after 4 ms. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
