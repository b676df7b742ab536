import type { Catalog, Target } from "../store/catalog/catalog.ts";
import { appIdOf } from "./names.ts";
import { pointLive } from "./point.ts";
import type { ServeParts } from "./serve-when-stored.ts";
import type { Telling } from "./telling.ts";

interface WithdrawParts extends Telling {
  catalog: Pick<Catalog, "names" | "withdraw"> & ServeParts["catalog"];
  serving: ServeParts["serving"];
}

interface Withdrawn {
  tenant: string;
  /** The app's name. */
  app: string;
  function: string;
  /** Aliases that are the function's alone. */
  aliases: string[];
}

/** Takes one function out of an app whose functions are deployed one by one. The others go on as they are. Throws "no-such-app". */
export function withdraw(parts: WithdrawParts, { tenant, app: name, function: inner, aliases }: Withdrawn): Target[] {
  const app = appIdOf(parts.catalog.names, tenant, name);
  return pointLive(parts, app, (take) => parts.catalog.withdraw(app, inner, aliases, take));
}
