import type { Catalog } from "../store/catalog/catalog.ts";
import type { ServedApps } from "./served-apps.ts";

export interface ResumeParts {
  catalog: Pick<Catalog, "eager" | "sizes" | "all" | "live">;
  served: Pick<ServedApps, "start">;
  /** Makes what machines of this size are started from (for QEMU, a template) if it does not exist yet. */
  prepare: (size: { memoryMb: number; vcpus: number }) => Promise<void>;
  /** Called with the reason if machines of a size cannot be prepared. */
  unprepared: (size: { memoryMb: number; vcpus: number }, error: unknown) => void;
}

/**
 * Called when a server starts. Apps that keep machines ready or list hosts are served at once, all others from their first call on.
 * Machines of unusual sizes are prepared meanwhile; only the first calls of apps with such sizes wait for that.
 */
export function resumeApps({ catalog, served, prepare, unprepared }: ResumeParts): void {
  for (const app of catalog.eager()) served.start(app);
  for (const size of catalog.sizes()) prepare(size).catch((error: unknown) => unprepared(size, error));
}

/** How many apps are looked at in one turn of the event loop. */
const IN_ONE_TURN = 10;

/**
 * Goes once through all apps, a few in each turn of the event loop, and finds those whose revision cannot be read. Each of them is started,
 * which fails, so that the app's log says so before somebody calls it. Nothing of the other apps is kept in memory. Never rejects. @param
 * signal ends the search
 */
export async function tellUnreadable({ catalog, served }: Pick<ResumeParts, "catalog" | "served">, signal: AbortSignal): Promise<void> {
  let looked = 0;
  for (const app of signal.aborted ? [] : catalog.all()) {
    if (looked++ % IN_ONE_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
    if (signal.aborted) return;
    try {
      catalog.live(app);
    } catch {
      // served.start() fails with the same error and logs it.
      served.start(app);
    }
  }
}
