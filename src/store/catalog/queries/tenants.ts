import type { DatabaseSync } from "node:sqlite";
import { all, one, run } from "./rows.ts";

export type TenantQueries = ReturnType<typeof tenantQueries>;

interface StoredTenant {
  id: string;
  name: string;
  /** null: it was there before such times were kept. */
  createdAt: number | null;
}

/** The name of a removed tenant is its id, which no tenant can be called. */
const PRESENT = "tenants.name <> tenants.id";

export function tenantQueries(db: DatabaseSync) {
  return {
    all: all<StoredTenant>(
      db,
      `SELECT tenants.id AS id, name, created_at AS createdAt FROM tenants LEFT JOIN tenant_facts ON tenant = tenants.id WHERE ${PRESENT} ORDER BY name`,
    ),
    ofName: one<{ id: string; name: string }>(db, "SELECT id, name FROM tenants WHERE lower(name) = lower(?)"),
    add: run(db, "INSERT INTO tenants (id, name) VALUES (?, ?)"),
    addFacts: run(db, "INSERT OR IGNORE INTO tenant_facts (tenant, created_at) VALUES (?, ?)"),
    limits: one<{ limits: string | null }>(db, "SELECT limits FROM tenant_facts WHERE tenant = ?"),
    limited: all<{ tenant: string; limits: string }>(db, "SELECT tenant, limits FROM tenant_facts WHERE limits IS NOT NULL"),
    setLimits: run(
      db,
      "INSERT INTO tenant_facts (tenant, limits) VALUES (?, ?) ON CONFLICT (tenant) DO UPDATE SET limits = excluded.limits",
    ),
    /** Frees the name. */
    unname: run(db, "UPDATE tenants SET name = id WHERE id = ?"),
    leave: run(db, "INSERT OR IGNORE INTO leaving_tenants (tenant) VALUES (?)"),
    leaving: all<{ tenant: string }>(db, "SELECT tenant FROM leaving_tenants"),
    left: run(db, "DELETE FROM leaving_tenants WHERE tenant = ?"),
    forgetFacts: run(db, "DELETE FROM tenant_facts WHERE tenant = ?"),
    holders: all<{ kind: "app" | "appliance"; id: string; name: string }>(
      db,
      "SELECT kind, id, name FROM names WHERE tenant = ? ORDER BY name",
    ),
    /** Every app that has, or had, a name in the tenant, or that something was set for. */
    apps: all<{ id: string; name: string }>(db, "SELECT id, name FROM apps WHERE tenant = ?"),
    tenantOf: one<{ tenant: string }>(db, "SELECT tenant FROM apps WHERE id = ?1 UNION ALL SELECT tenant FROM appliances WHERE id = ?1"),
  };
}
