/**
 * Limits the notes that a stranger can cause: each text is written at most once a minute, with how often it came since, and only a few
 * different texts are written.
 */
import { counted } from "../../base/words/counted.ts";

const QUIET_MS = 60_000;
const TEXTS = 32;

export function createNotes(tell: (text: string) => void, now: () => number = () => performance.now()): (text: string) => void {
  const told = new Map<string, { at: number; times: number }>();
  return (text) => {
    const before = told.get(text);
    if (before !== undefined && now() - before.at < QUIET_MS) {
      before.times++;
      return;
    }
    if (before === undefined && told.size >= TEXTS && !forgetOne()) return;
    // The text is entered anew, so that the oldest text is the map's first.
    told.delete(text);
    told.set(text, { at: now(), times: 0 });
    const times = before?.times ?? 0;
    tell(times === 0 ? text : `${text} (and ${counted(times, "time")} more since this was said last)`);
  };

  function forgetOne(): boolean {
    const [oldest] = told;
    if (oldest === undefined || now() - oldest[1].at < QUIET_MS) return false;
    return told.delete(oldest[0]);
  }
}
