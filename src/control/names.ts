/**
 * Translates between names, which users know, and ids, which everything inside is keyed by. Apps and appliances share one set of names,
 * because logs and bills are shown under them.
 */
import { mainTenant } from "../base/ids/new-id.ts";
import { MayflyError } from "../base/errors/error.ts";
import type { Names } from "../store/catalog/catalog.ts";

/** Throws "no-such-app" if no app of that name is deployed. */
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

/** Called before an upload is written. Throws "name-taken" if an appliance has the name. The catalog checks again when it stores the app. */
export function refuseNameOfAppliance(names: Pick<Names, "holder">, tenant: string, name: string): void {
  if (names.holder(tenant, name)?.kind === "appliance")
    throw new MayflyError("name-taken", { name, owner: "an appliance", holder: `the appliance ${name}` });
}

/** The id of the tenant that a URL names. Null stands for `main`, which URLs never name. Undefined if there is no such tenant. */
export function tenantOfUrl(names: Pick<Names, "tenant">, name: string | null, asHost: boolean): string | undefined {
  if (name === null) return mainTenant;
  const id = names.tenant(name, asHost);
  return id === mainTenant ? undefined : id;
}

/** The inverse of tenantOfUrl(). */
export function tenantInUrl(names: Pick<Names, "tenantName">, id: string): string | null {
  return id === mainTenant ? null : (names.tenantName(id) ?? id);
}

/** The name of the app or appliance that has, or had, the id. */
export function nameOfId(names: Pick<Names, "nameOf">, id: string): string {
  return names.nameOf(id)?.name ?? id;
}

/** Whether the app or appliance with this id still has its name. */
export function isNamed(names: Pick<Names, "nameOf" | "holder">, id: string): boolean {
  const known = names.nameOf(id);
  return known !== undefined && names.holder(known.tenant, known.name)?.id === id;
}
