import type { DatabaseSync } from "node:sqlite";
import { all, run } from "../catalog/queries/rows.ts";
import type { Role } from "./principal.ts";

export type Queries = ReturnType<typeof principalQueries>;

interface PrincipalRow {
  id: string;
  /** Empty: of the whole server. */
  tenant: string;
  name: string;
  role: Role;
  /** JSON; null: all. */
  apps: string | null;
}

export interface CredentialRow {
  id: string;
  principal: string;
  digest?: string;
  sealed?: Uint8Array;
  created_at: number;
  expires_at: number | null;
  last_used_at: number | null;
}

export function principalQueries(db: DatabaseSync) {
  return {
    principals: all<PrincipalRow>(db, "SELECT id, tenant, name, role, apps FROM principals"),
    addPrincipal: run(db, "INSERT INTO principals (id, tenant, name, role, apps) VALUES (?, ?, ?, ?, ?)"),
    removePrincipal: run(db, "DELETE FROM principals WHERE id = ?"),
    tokens: all<CredentialRow>(db, "SELECT * FROM tokens"),
    addToken: run(db, "INSERT INTO tokens (id, principal, digest, created_at, expires_at) VALUES (?, ?, ?, ?, ?)"),
    removeToken: run(db, "DELETE FROM tokens WHERE id = ?"),
    useToken: run(db, "UPDATE tokens SET last_used_at = ? WHERE id = ?"),
    keys: all<CredentialRow>(db, "SELECT * FROM keys"),
    addKey: run(db, "INSERT INTO keys (id, principal, sealed, created_at, expires_at) VALUES (?, ?, ?, ?, ?)"),
    removeKey: run(db, "DELETE FROM keys WHERE id = ?"),
    useKey: run(db, "UPDATE keys SET last_used_at = ? WHERE id = ?"),
  };
}
