/** Which part of a server somebody sees in its lists, and under which names. */
import { mainTenant } from "../base/ids/new-id.ts";
import type { Names } from "../store/catalog/catalog.ts";

export interface Seen {
  /** A tenant's id; null: the whole server. */
  tenant: string | null;
  /** Ids of apps; null: all of the tenant. */
  apps: readonly string[] | null;
}

/** Whoever sees the whole server also sees what belongs to no app. */
export function seesAll({ tenant, apps }: Seen): boolean {
  return tenant === null && apps === null;
}

/** @param id of an app or appliance */
export function sees(names: Pick<Names, "nameOf">, { tenant, apps }: Seen, id: string): boolean {
  if (apps !== null && !apps.includes(id)) return false;
  return tenant === null || names.nameOf(id)?.tenant === tenant;
}

/** The name of an app or appliance, in a list of the whole server with its tenant, as in URLs: `@acme/shop`. */
export function nameSeen(names: Pick<Names, "nameOf" | "tenantName">, seen: Seen, id: string): string {
  const known = names.nameOf(id);
  if (known === undefined) return id;
  if (seen.tenant !== null || known.tenant === mainTenant) return known.name;
  return `@${names.tenantName(known.tenant) ?? known.tenant}/${known.name}`;
}
