/**
 * What principals may do: one table of actions by role, and one function that reads it. Pure.
 *
 * Every door asks may() before it does anything. A role says which actions there are for a principal at all; its tenant and its apps say on what.
 */
import type { Principal, Role } from "./principal.ts";

/** What is done, as a clause that ends "The principal may not …". */
export const ACTIONS = {
  read: "read about apps",
  "read-logs": "read logs",
  "read-bills": "read bills",
  deploy: "deploy, point and remove apps",
  "set-secrets": "set secrets",
  "set-limits": "set limits of apps",
  invoke: "call functions",
  "operate-appliances": "start and stop appliances",
  "manage-appliances": "make and remove appliances",
  "manage-credentials": "make, list and revoke tokens and keys",
  "read-audit": "read the audit log",
  "read-tenant": "read about its tenant",
  "manage-tenants": "make, limit and remove tenants",
  "read-server": "read about the server",
  "inspect-host": "look at the server's host",
} as const satisfies Record<string, string>;

export type Action = keyof typeof ACTIONS;

const reader: Action[] = ["read", "read-logs", "read-bills", "read-tenant", "read-server"];
const deployer: Action[] = [...reader, "deploy", "set-secrets", "invoke", "operate-appliances"];
const admin: Action[] = [...deployer, "set-limits", "manage-credentials", "read-audit"];

const actions: Record<Role, ReadonlySet<Action>> = {
  operator: new Set(Object.keys(ACTIONS) as Action[]),
  "tenant-admin": new Set(admin),
  deployer: new Set(deployer),
  reader: new Set(reader),
  invoker: new Set<Action>(["invoke"]),
};

/** What an action is on. Ids. */
export interface Subject {
  /** null: the whole server. */
  tenant: string | null;
  /** null: no app in particular, but the tenant or the server as a whole. */
  app: string | null;
}

/** Whether the principal may do this to the subject. A principal of a tenant may do nothing to the whole server, and one bounded to apps nothing beyond these. */
export function may(principal: Principal, action: Action, { tenant, app }: Subject): boolean {
  return mayAtAll(principal.role, action) && reaches(principal, { tenant, app });
}

/** Whether there is anything that a principal of this role may do this to. It does not depend on what exists, so that refusing by it tells nobody what does. */
export function mayAtAll(role: Role, action: Action): boolean {
  return actions[role].has(action);
}

function reaches(principal: Principal, { tenant, app }: Subject): boolean {
  if (principal.tenant !== null && principal.tenant !== tenant) return false;
  return principal.apps === null || (app !== null && principal.apps.includes(app));
}

/** Whether a principal may give somebody this role: no more than it has itself. */
export function mayGive(giver: Principal, role: Role): boolean {
  return [...actions[role]].every((action) => actions[giver.role].has(action));
}
