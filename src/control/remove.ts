import type { Catalog } from "../store/catalog/catalog.ts";
import type { Logs } from "../store/logs/logs.ts";
import { isNameHeld, type NameHolders } from "./names.ts";
import type { Serving } from "./serving.ts";

export interface RemoveParts extends NameHolders {
  catalog: Pick<Catalog, "live" | "remove">;
  logs: Pick<Logs, "remove">;
  serving: Pick<Serving, "removed">;
}

/** Removes the app with its versions, secrets, machines and logs. Resolves when its machines are gone. Throws "no-such-app". */
export async function remove(parts: RemoveParts, app: string): Promise<void> {
  const { catalog, logs, serving } = parts;
  catalog.remove(app);
  await Promise.all([serving.removed(app), logs.remove(app)]);
  // The ledger, for example, may have told the log something meanwhile: that goes, too, unless the name is somebody else's by now.
  if (!isNameHeld(parts, app)) await logs.remove(app);
}
