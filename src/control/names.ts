/** Names are what the outside says; inside, everything goes by ids. Apps and appliances share their names: logs and bills stand under them. */
import { MayflyError } from "../base/errors/error.ts";
import type { Names } from "../store/catalog/catalog.ts";

/** Throws "no-such-app" where no app of that name is deployed. */
export function appIdOf(names: Pick<Names, "holder">, tenant: string, name: string): string {
  const holder = names.holder(tenant, name);
  if (holder?.kind !== "app") throw new MayflyError("no-such-app", { app: name });
  return holder.id;
}

/** Throws "no-such-appliance". */
export function applianceIdOf(names: Pick<Names, "holder">, tenant: string, name: string): string {
  const holder = names.holder(tenant, name);
  if (holder?.kind !== "appliance") throw new MayflyError("no-such-appliance", { appliance: name });
  return holder.id;
}

export function isDeployed(names: Pick<Names, "holder">, tenant: string, name: string): boolean {
  return names.holder(tenant, name)?.kind === "app";
}

/** Before an upload is written. Throws "name-taken" where an app cannot have the name; the catalog asks again as it stores the app. */
export function refuseNameOfAppliance(names: Pick<Names, "holder">, tenant: string, name: string): void {
  if (names.holder(tenant, name)?.kind === "appliance") throw new MayflyError("name-taken", { name, owner: "an appliance" });
}

/** As the outside calls whoever has, or had, the id. */
export function nameOfId(names: Pick<Names, "nameOf">, id: string): string {
  return names.nameOf(id)?.name ?? id;
}

/** Whether whoever has the id has its name still. */
export function isNamed(names: Pick<Names, "nameOf" | "holder">, id: string): boolean {
  const known = names.nameOf(id);
  return known !== undefined && names.holder(known.tenant, known.name)?.id === id;
}
