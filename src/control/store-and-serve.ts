import type { Catalog, Take, Version } from "../store/catalog/catalog.ts";
import { type NameHolders, refuseNameOfAppliance } from "./names.ts";
import type { Serving } from "./serving.ts";

export interface StoreParts {
  catalog: Pick<Catalog, "live">;
  appliances: NameHolders["appliances"];
  serving: Pick<Serving, "check" | "deployed" | "restored">;
}

/**
 * Stores a version and serves it from the same moment. Where the system cannot take the version or the catalog cannot store it, all is as before.
 * The checks run again in the very turn in which the version is stored: what was free before may be somebody's by then.
 */
export function storeAndServe(parts: StoreParts, app: string, store: (take: Take) => Version): Version {
  const { catalog, serving } = parts;
  let taken = false;
  try {
    return store((version) => {
      refuseNameOfAppliance(parts, version.manifest.name);
      serving.check(version.manifest);
      taken = true;
      serving.deployed(version);
    });
  } catch (error) {
    if (taken) serving.restored(app, catalog.live(app));
    throw error;
  }
}
