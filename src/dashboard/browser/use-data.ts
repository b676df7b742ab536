import { useCallback, useEffect, useState } from "preact/hooks";
import { tenant } from "./session.ts";

export interface Loaded<T> {
  /** What was loaded last: it stays while newer data are on their way, so that nothing jumps. */
  data: T | undefined;
  error: Error | undefined;
  reload: () => void;
}

/**
 * Loads when the page begins, when one of `of` changes, and every so many milliseconds.
 * @param of what the data are of; data of something else are not shown
 */
export function useData<T>(load: (signal: AbortSignal) => Promise<T>, of: readonly unknown[], everyMs?: number): Loaded<T> {
  const key = JSON.stringify([...of, tenant.value]);
  const [{ data, error, loadedKey }, set] = useState<{ data?: T; error?: Error; loadedKey?: string }>({});
  const [asked, setAsked] = useState(0);
  useEffect(() => {
    const over = new AbortController();
    let timer: number | undefined;
    const once = async () => {
      try {
        const found = await load(over.signal);
        if (!over.signal.aborted) set({ data: found, loadedKey: key });
      } catch (thrown) {
        if (over.signal.aborted) return;
        set((before) => ({ ...(before.loadedKey === key ? before : {}), error: thrown as Error, loadedKey: key }));
      }
      if (everyMs !== undefined && !over.signal.aborted) timer = setTimeout(() => void once(), everyMs);
    };
    void once();
    return () => {
      over.abort();
      clearTimeout(timer);
    };
  }, [key, asked, everyMs]);
  const reload = useCallback(() => setAsked((count) => count + 1), []);
  const isOfThis = loadedKey === key;
  return { data: isOfThis ? data : undefined, error: isOfThis ? error : undefined, reload };
}
