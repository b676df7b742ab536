/** The use cases of appliances, by name. A name is claimed in the catalog, which has the apps' names too, before anything is made. */
import type { Appliances } from "../appliances/appliances.ts";
import type { ApplianceInfo, ApplianceSpec } from "../appliances/spec.ts";
import { MayflyError } from "../base/errors/error.ts";
import type { Catalog } from "../store/catalog/catalog.ts";
import { applianceIdOf } from "./names.ts";

export interface ApplianceParts {
  catalog: Pick<Catalog, "names">;
  appliances: Appliances;
}

/** The tenant's appliances, with the CPU time and memory that each has used up to now. */
export function listAppliances({ appliances }: Pick<ApplianceParts, "appliances">, tenant: string): ApplianceInfo[] {
  appliances.sample();
  return appliances.list(tenant);
}

/** Rejects with "name-taken", "no-such-image", "bad-appliance", "port-in-use" or "machine-start-failed"; the name is free again then. */
export async function runAppliance(
  { catalog: { names }, appliances }: ApplianceParts,
  tenant: string,
  spec: ApplianceSpec,
): Promise<ApplianceInfo> {
  const id = names.claimForAppliance(tenant, spec.name);
  try {
    return await appliances.run({ id, tenant }, spec);
  } catch (error) {
    names.release(id);
    throw error;
  }
}

/** Rejects with "no-such-appliance", as the functions below do. */
export async function startAppliance({ catalog, appliances }: ApplianceParts, tenant: string, name: string): Promise<ApplianceInfo> {
  return appliances.start(madeId({ catalog, appliances }, tenant, name));
}

export async function stopAppliance({ catalog, appliances }: ApplianceParts, tenant: string, name: string): Promise<ApplianceInfo> {
  return appliances.stop(madeId({ catalog, appliances }, tenant, name));
}

/** The name is free only when nothing of the appliance is left. */
export async function removeAppliance(parts: ApplianceParts, tenant: string, name: string, withDisks: boolean): Promise<void> {
  const id = madeId(parts, tenant, name);
  await parts.appliances.remove(id, withDisks);
  parts.catalog.names.release(id);
}

/** The id of an appliance of this name. An appliance that is being made or removed does not count. */
function madeId({ catalog, appliances }: ApplianceParts, tenant: string, name: string): string {
  const id = applianceIdOf(catalog.names, tenant, name);
  if (!appliances.has(id)) throw new MayflyError("no-such-appliance", { appliance: name });
  return id;
}

/**
 * Called when a server starts. Frees names that a killed server had claimed for appliances that it never made, or that it had removed
 * already.
 */
export function releaseUnmade({ catalog: { names }, appliances }: ApplianceParts): void {
  const made = new Set(appliances.ids());
  for (const id of names.appliances()) if (!made.has(id)) names.release(id);
}
