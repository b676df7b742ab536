import type { Catalog } from "../store/catalog/catalog.ts";
import type { Serving } from "./serving.ts";
import type { ServedApps } from "./served-apps.ts";

export interface ResumeParts {
  catalog: Pick<Catalog, "list">;
  served: Pick<ServedApps, "fail" | "tryDeploy">;
  serving: Pick<Serving, "prepare">;
  /** Told why machines of an app's size cannot be prepared. */
  unprepared: (app: string, error: unknown) => void;
}

/**
 * At the start of a server: every app that can be served is. Machines of unusual sizes are prepared meanwhile: the first calls of their apps wait
 * for that, and no others.
 */
export function resumeApps({ catalog, served, serving, unprepared }: ResumeParts): void {
  for (const { app, live, problem } of catalog.list()) {
    if (live === null) served.fail(app, problem);
    if (live === null || !served.tryDeploy(live)) continue;
    serving.prepare(live.manifest).catch((error: unknown) => unprepared(app, error));
  }
}
