import { MayflyError } from "../base/errors/error.ts";
import type { Catalog } from "../store/catalog/catalog.ts";
import type { Logs } from "../store/logs/logs.ts";
import type { Serving } from "./serving.ts";

export interface RemoveParts {
  catalog: Pick<Catalog, "names" | "remove">;
  logs: Pick<Logs, "remove">;
  serving: Pick<Serving, "removed">;
}

/**
 * Removes the app with its revisions, secrets, machines and logs; of one that was never deployed the secrets. Resolves when its machines are gone.
 * Rejects with "no-such-app".
 */
export async function remove({ catalog, logs, serving }: RemoveParts, tenant: string, name: string): Promise<void> {
  const app = catalog.names.known(tenant, name);
  if (app === undefined || catalog.names.holder(tenant, name)?.kind === "appliance") throw new MayflyError("no-such-app", { app: name });
  catalog.remove(app);
  await Promise.all([serving.removed(app), logs.remove(app)]);
  // The ledger, for example, may have told the log something meanwhile: that goes, too, unless the app is deployed again by now.
  if (catalog.names.holder(tenant, name)?.id !== app) await logs.remove(app);
}
