import { MayflyError } from "../base/errors/error.ts";
import type { Catalog } from "../store/catalog/catalog.ts";
import type { Logs } from "../store/logs/logs.ts";
import type { Serving } from "./serving.ts";
import type { Telling } from "./telling.ts";

export interface RemoveParts extends Telling {
  catalog: Pick<Catalog, "names" | "remove">;
  logs: Pick<Logs, "remove">;
  serving: Pick<Serving, "removed">;
}

/**
 * Removes the app with its revisions, secrets, machines and logs. For an app that was never deployed, removes its secrets. Resolves when
 * the app's machines are gone.
 * Rejects with "no-such-app".
 */
export async function remove({ catalog, logs, serving, events, clock }: RemoveParts, tenant: string, name: string): Promise<void> {
  const app = catalog.names.known(tenant, name);
  if (app === undefined || catalog.names.holder(tenant, name)?.kind === "appliance") throw new MayflyError("no-such-app", { app: name });
  catalog.remove(app);
  events.tell({ type: "app-removed", at: clock.wall(), app });
  await Promise.all([serving.removed(app), logs.remove(app)]);
  // Something may have been logged for the app meanwhile, for example about its limits. Those lines are removed too, unless the app has
  // been deployed again by now.
  if (catalog.names.holder(tenant, name)?.id !== app) await logs.remove(app);
}
