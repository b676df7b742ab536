/** Every SQL statement of the catalog, prepared once. */
import type { DatabaseSync } from "node:sqlite";
import { aliasQueries } from "./aliases.ts";
import { appQueries } from "./apps.ts";
import { codeQueries } from "./code.ts";
import { hostQueries } from "./hosts.ts";
import { nameQueries } from "./names.ts";
import { revisionQueries } from "./revisions.ts";
import { secretQueries } from "./secrets.ts";
import { tenantQueries } from "./tenants.ts";
import { trafficQueries } from "./traffic.ts";

export type Queries = ReturnType<typeof prepareQueries>;

export function prepareQueries(db: DatabaseSync) {
  return {
    names: nameQueries(db),
    apps: appQueries(db),
    revisions: revisionQueries(db),
    aliases: aliasQueries(db),
    code: codeQueries(db),
    secrets: secretQueries(db),
    tenants: tenantQueries(db),
    traffic: trafficQueries(db),
    hosts: hostQueries(db),
  };
}
