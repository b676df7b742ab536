import type { DatabaseSync } from "node:sqlite";
import type { Holder } from "../catalog.ts";
import { all, one, run } from "./rows.ts";

export type NameQueries = ReturnType<typeof nameQueries>;

export function nameQueries(db: DatabaseSync) {
  return {
    holder: one<Holder>(db, "SELECT kind, id FROM names WHERE tenant = ? AND name = ?"),
    /** Ignores capitals. */
    holderOfHost: one<Holder & { name: string }>(db, "SELECT kind, id, name FROM names WHERE tenant = ? AND lower(name) = lower(?)"),
    /** Whether an app has this id and has its name now. */
    deployed: one<object>(db, "SELECT 1 FROM names WHERE id = ? AND kind = 'app'"),
    claim: run(db, "INSERT OR IGNORE INTO names (tenant, name, kind, id) VALUES (?, ?, ?, ?)"),
    release: run(db, "DELETE FROM names WHERE id = ?"),
    appliances: all<{ id: string }>(db, "SELECT id FROM names WHERE kind = 'appliance'"),
    appOf: one<{ id: string }>(db, "SELECT id FROM apps WHERE tenant = ? AND name = ?"),
    addApp: run(db, "INSERT INTO apps (id, tenant, name) VALUES (?, ?, ?)"),
    applianceOf: one<{ id: string }>(db, "SELECT id FROM appliances WHERE tenant = ? AND name = ?"),
    addAppliance: run(db, "INSERT INTO appliances (id, tenant, name) VALUES (?, ?, ?)"),
    tenant: one<{ id: string }>(db, "SELECT id FROM tenants WHERE name = ?"),
    /** Ignores capitals. */
    tenantOfHost: one<{ id: string }>(db, "SELECT id FROM tenants WHERE lower(name) = lower(?)"),
    tenantName: one<{ name: string }>(db, "SELECT name FROM tenants WHERE id = ?"),
    /** Whether the tenant was removed, or is being removed. */
    isGone: one<object>(db, "SELECT 1 FROM tenants WHERE id = ? AND name = id"),
    nameOf: one<{ tenant: string; name: string }>(
      db,
      "SELECT tenant, name FROM apps WHERE id = ?1 UNION ALL SELECT tenant, name FROM appliances WHERE id = ?1",
    ),
  };
}
