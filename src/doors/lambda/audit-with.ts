/** Writes a line of the audit log for each call of one of AWS's APIs, as the management API has one for each of its own. Calls of functions, and what is done with messages, have none. */
import type { Clock } from "../../base/clock/clock.ts";
import type { Audit } from "../../store/audit/audit.ts";
import type { Catalog } from "../../store/catalog/catalog.ts";
import type { AuditedCall } from "./door.ts";
import { mainTenant } from "../../base/ids/new-id.ts";

interface AuditParts {
  audit: Pick<Audit, "write">;
  catalog: Pick<Catalog, "names">;
  clock: Pick<Clock, "wall">;
  /** How AWS's policies name the service. */
  service: string;
}

/** The longest text of a line that a caller chooses. */
const LONGEST = 200;

export function auditWith({ audit, catalog: { names }, clock, service }: AuditParts): (call: AuditedCall) => void {
  const nameOf = (tenant: string) => names.tenantName(tenant) ?? tenant;
  return ({ peer, operation, right, target, principal, owner, status, result }) => {
    if (right === "invoke") return;
    const tenant = principal === null ? null : (principal.tenant ?? mainTenant);
    const line = {
      at: clock.wall(),
      principal: principal?.name ?? null,
      of: principal?.tenant == null ? null : nameOf(principal.tenant),
      role: principal?.role ?? null,
      address: peer,
      action: operation === null ? "unknown" : `${service}:${operation}`,
      tenant: tenant === null ? null : nameOf(tenant),
      target: target.slice(0, LONGEST),
      result,
      status,
    };
    audit.write(tenant, line, right === "read");
    if (owner !== undefined) audit.write(owner, { ...line, tenant: nameOf(owner) }, right === "read");
  };
}
