import type { Catalog } from "../store/catalog/catalog.ts";
import type { ServedApps } from "./served-apps.ts";

export interface ResumeParts {
  catalog: Pick<Catalog, "eager" | "all" | "live">;
  served: Pick<ServedApps, "start">;
  /** Makes what machines of the kinds that live revisions choose start from (for QEMU, templates) if it does not exist yet. Never rejects. */
  prepareChosen: () => Promise<void>;
}

/**
 * Called when a server starts. Apps that keep machines ready or list hosts are served at once, all others from their first call on.
 * The kinds of machines that live revisions choose are prepared meanwhile, one after the other, because each takes a whole CPU for seconds. If an app is
 * called before its kind had its turn, the start of its first machine prepares the kind. Resolves when all are prepared. Never rejects.
 */
export async function resumeApps({ catalog, served, prepareChosen }: ResumeParts): Promise<void> {
  for (const app of catalog.eager()) served.start(app);
  await prepareChosen();
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
