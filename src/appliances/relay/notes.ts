/** Notes for a log that a stranger can cause: each text once a minute at most, then with how many there were, and no more than a few texts. */
const QUIET_MS = 60_000;
const TEXTS = 32;

export function createNotes(tell: (text: string) => void, now: () => number = () => performance.now()): (text: string) => void {
  const told = new Map<string, { at: number; times: number }>();
  return (text) => {
    const before = told.get(text);
    if (before !== undefined && now() - before.at < QUIET_MS) return void before.times++;
    const times = before?.times ?? 0;
    told.delete(text);
    if (told.size >= TEXTS) {
      const [oldest] = told.keys();
      if (now() - told.get(oldest!)!.at < QUIET_MS) return;
      told.delete(oldest!);
    }
    told.set(text, { at: now(), times: 0 });
    tell(times === 0 ? text : `${text} (and ${times} times more since this was said last)`);
  };
}
