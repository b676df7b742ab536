import assert from "node:assert/strict";
import { test } from "node:test";
import { type Principal, ROLES } from "./principal.ts";
import { type Action, ACTIONS, may, mayAtAll, mayGive } from "./rights.ts";

const actions = Object.keys(ACTIONS) as Action[];
const principal = (more: Partial<Principal>): Principal => ({
  id: "pri_1",
  name: "ada",
  role: "tenant-admin",
  tenant: "ten_acme",
  apps: null,
  ...more,
});

test("nobody of a tenant may do anything to another tenant or to the whole server, whatever the role", () => {
  for (const role of ROLES)
    for (const action of actions)
      for (const tenant of ["ten_other", null])
        for (const app of ["app_1", null]) assert.equal(may(principal({ role }), action, { tenant, app }), false, `${role} ${action}`);
});

test("a principal that is bounded to apps may do nothing beyond these", () => {
  const bounded = principal({ role: "deployer", apps: ["app_1", "app_2"] });
  assert.equal(may(bounded, "deploy", { tenant: "ten_acme", app: "app_2" }), true);
  assert.equal(may(bounded, "deploy", { tenant: "ten_acme", app: "app_3" }), false);
  assert.equal(may(bounded, "deploy", { tenant: "ten_acme", app: null }), false);
  assert.equal(may({ ...bounded, apps: [] }, "deploy", { tenant: "ten_acme", app: "app_1" }), false);
});

test("the roles' rights grow from reader to operator, and an invoker may only call", () => {
  const rights = (role: Principal["role"]) => actions.filter((action) => mayAtAll(role, action));
  assert.deepEqual(rights("invoker"), ["invoke"]);
  assert.deepEqual(rights("operator"), actions);
  const lacking = (role: Principal["role"]) => actions.filter((action) => !mayAtAll(role, action));
  assert.deepEqual(lacking("tenant-admin"), ["manage-appliances", "manage-tenants", "inspect-host"]);
  assert.deepEqual(lacking("deployer"), [
    "set-limits",
    "manage-appliances",
    "manage-credentials",
    "read-audit",
    "manage-tenants",
    "inspect-host",
  ]);
  assert.deepEqual(rights("reader"), ["read", "read-logs", "read-bills", "read-tenant", "read-server"]);
});

test("nobody gives a role that has more than their own", () => {
  const given = (role: Principal["role"]) => ROLES.filter((one) => mayGive(principal({ role }), one));
  assert.deepEqual(given("operator"), ROLES);
  assert.deepEqual(given("tenant-admin"), ["tenant-admin", "deployer", "reader", "invoker"]);
});

test("a principal of the whole server may do what its role says in every tenant", () => {
  const monitor = principal({ role: "reader", tenant: null });
  for (const tenant of ["ten_acme", "ten_other", null]) assert.equal(may(monitor, "read", { tenant, app: null }), true);
  assert.equal(may(monitor, "deploy", { tenant: "ten_acme", app: "app_1" }), false);
});
