import type { Catalog } from "../store/catalog/catalog.ts";
import type { ServedApps } from "./served-apps.ts";

export interface ResumeParts {
  catalog: Pick<Catalog, "eager" | "sizes" | "all" | "live">;
  served: Pick<ServedApps, "start">;
  /** Starts the making of what machines of a size begin from. */
  prepare: (size: { memoryMb: number; vcpus: number }) => Promise<void>;
  /** Told why machines of a size cannot be prepared. */
  unprepared: (size: { memoryMb: number; vcpus: number }, error: unknown) => void;
}

/**
 * At the start of a server: apps that keep machines ready or list hosts are served; all others are once somebody calls them. Machines of unusual sizes
 * are prepared meanwhile: the first calls of their apps wait for that, and no others.
 */
export function resumeApps({ catalog, served, prepare, unprepared }: ResumeParts): void {
  for (const app of catalog.eager()) served.start(app);
  for (const size of catalog.sizes()) prepare(size).catch((error: unknown) => unprepared(size, error));
}

/** Apps that are looked at in one turn of the event loop. */
const IN_ONE_TURN = 10;

/**
 * Looks once through all apps, in turns, for those that can't be read: each is tried and fails, which its log tells before somebody calls it.
 * Holds nothing of the others. Never rejects. @param signal ends it
 */
export async function tellUnreadable({ catalog, served }: Pick<ResumeParts, "catalog" | "served">, signal: AbortSignal): Promise<void> {
  let looked = 0;
  for (const app of signal.aborted ? [] : catalog.all()) {
    if (looked++ % IN_ONE_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
    if (signal.aborted) return;
    try {
      catalog.live(app);
    } catch {
      // served.start() meets the same error, and tells it.
      served.start(app);
    }
  }
}
