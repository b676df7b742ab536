import type { DatabaseSync } from "node:sqlite";
import { DatabaseSync as Database } from "node:sqlite";
import { MayflyError } from "../base/errors/error.ts";

export interface BackupTenant {
  id: string;
  name: string;
  /** Its own id, and those of its apps and appliances. */
  own: ReadonlySet<string>;
}

/** Throws "no-such-tenant". @param catalog a file that nobody writes */
export function findTenant(catalog: string, name: string): BackupTenant {
  const db = new Database(catalog, { readOnly: true });
  try {
    const row = db.prepare("SELECT id, name FROM tenants WHERE lower(name) = lower(?) AND id <> name").get(name);
    if (row === undefined) throw new MayflyError("no-such-tenant", { tenant: name });
    const id = String(row["id"]);
    return { id, name: String(row["name"]), own: ownOf(db, id) };
  } finally {
    db.close();
  }
}

function ownOf(db: DatabaseSync, tenant: string): ReadonlySet<string> {
  const rows = db.prepare("SELECT id FROM apps WHERE tenant = ?1 UNION SELECT id FROM appliances WHERE tenant = ?1").all(tenant);
  return new Set([tenant, ...rows.map(({ id }) => String(id))]);
}
