/** Tenants are made, limited and removed over the API. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { systemClock } from "../../base/clock/clock.ts";
import { resumeRemovals } from "../../control/tenants.ts";
import { createClient } from "./client.ts";
import { bundle, manifest } from "./testing/serve-api.ts";
import { type HostileTenants, serveTwoTenants } from "./testing/hostile-tenants.ts";

let served: HostileTenants;
beforeEach(async () => {
  served = await serveTwoTenants();
});
afterEach(() => served.close());

const clientOf = (kind: keyof HostileTenants["tokens"], tenant?: string) =>
  createClient({ url: served.server.url, token: served.tokens[kind], tenant });

test("a tenant is there with its limits, and its name is nobody else's, whatever its capitals", async () => {
  const operator = clientOf("operator");
  const made = await operator.createTenant("third");
  assert.partialDeepStrictEqual(made, { name: "third", apps: 0, appliances: 0, limits: { machines: null, spend: null } });
  await operator.limitTenant("third", { machines: 3, spend: 1.5 });
  assert.partialDeepStrictEqual(await operator.limitTenant("third", { spend: null, codeMb: 7 }), {
    limits: { machines: 3, spend: null, codeMb: 7 },
  });
  await assert.rejects(operator.createTenant("third"), { code: "name-taken" });
  for (const name of ["Third", "main", "-a", "a_b", "", "a".repeat(41), "@acme", "a/b"])
    await assert.rejects(
      operator.createTenant(name),
      (error: { code?: string }) => ["bad-request", "name-taken"].includes(error.code ?? ""),
      name,
    );
  assert.deepEqual(
    (await operator.tenants()).map(({ name, apps }) => [name, apps]),
    [
      ["acme", 2],
      ["main", 0],
      ["other", 3],
      ["third", 0],
    ],
  );
});

test("removing a tenant by force leaves nothing of it but its bills, and nothing of another tenant goes", async () => {
  const operator = clientOf("operator");
  const admin = clientOf("admin");
  await admin.setSecret("shop", "KEY", "mine");
  await admin.setSecret("never-deployed", "KEY", "mine");
  await admin.setLimits("shop", { spend: 5 });
  await operator.limitTenant("acme", { spend: 10 });
  const { id: key } = await admin.createKey({ principal: "ci", role: "deployer" });
  const shop = served.catalog.names.known(served.acme, "shop")!;
  const unborn = served.catalog.names.known(served.acme, "never-deployed")!;
  served.accounts.served({ app: shop, function: "main", machine: "m1", memoryMb: 256, slotMs: 5, at: systemClock.wall() });
  await operator.removeTenant("acme", true);
  await assert.rejects(admin.apps(), { code: "unauthorized" });
  assert.equal(served.principals.ofAccessKey(key, systemClock.wall()), null);
  for (const request of [operator.tenant("acme"), clientOf("operator", "acme").apps()])
    await assert.rejects(request, { code: "no-such-tenant" });
  assert.deepEqual(
    [shop, unborn].flatMap((app) => served.catalog.secretNames(app)),
    [],
  );
  assert.deepEqual(served.accounts.allLimits(), []);
  const bill = await operator.bill();
  assert.equal(bill.apps.find(({ requests }) => requests === 1)?.app, `@${served.acme}/shop`);
  assert.equal((await clientOf("admin of other").apps()).length, 3);

  await operator.createTenant("acme");
  const anew = clientOf("operator", "acme");
  assert.deepEqual(
    [await anew.apps(), await anew.secretNames("shop"), (await anew.audit({ tail: 100 })).filter(({ action }) => action === "setSecret")],
    [[], [], []],
  );
  await assert.rejects(admin.apps(), { code: "unauthorized" });
});

test("a removal that a kill of the server has interrupted is finished by the next start", async () => {
  const { catalog, lambda, principals, accounts, logs, audit, appliances, events, queues, acme } = served;
  await queues.create({ tenant: acme, app: null, name: "jobs", settings: {}, tags: {} });
  catalog.tenants.leave(acme);
  assert.deepEqual([catalog.tenants.leaving(), catalog.names.tenant("acme", false)], [[acme], undefined]);
  const serving = { removed: () => {}, shareChanged: () => {} };
  const emptied: string[] = [];
  const objects = { removeOf: async (tenant: string) => void emptied.push(tenant) };
  await resumeRemovals({
    catalog,
    lambda,
    principals,
    accounts,
    logs,
    audit,
    appliances,
    events,
    serving,
    queues,
    clock: systemClock,
    objects,
  });
  assert.deepEqual(emptied, [acme]);
  assert.deepEqual(await queues.list({ tenant: acme, most: 1 }), []);
  assert.deepEqual([catalog.tenants.leaving(), catalog.tenants.holders(acme), principals.list("token", acme)], [[], [], []]);
  assert.equal((await clientOf("admin of other").apps()).length, 3);
});

test("nothing is deployed for a tenant that is being removed", async () => {
  const { catalog, acme } = served;
  catalog.tenants.leave(acme);
  await assert.rejects(catalog.deploy(acme, manifest({ name: "late" }), [bundle("main", "cjs", "1")]), { code: "no-such-tenant" });
  assert.throws(() => catalog.names.appId(acme, "later"), { code: "no-such-tenant" });
});

test("a tenant's code is bounded over all its apps, and an app's older revisions make room first", async () => {
  await clientOf("operator").limitTenant("acme", { codeMb: 1 });
  const admin = clientOf("admin");
  const code = (letter: string, bytes: number) => [bundle("main", "cjs", letter.repeat(bytes))];
  await admin.deploy(manifest({ name: "big" }), code("a", 700_000));
  await admin.deploy(manifest({ name: "big" }), code("b", 700_000));
  assert.deepEqual(
    (await admin.app("big")).revisions.map(({ number }) => number),
    [2],
    "the first one had to go",
  );
  await assert.rejects(admin.deploy(manifest({ name: "more" }), code("c", 700_000)), {
    code: "no-room",
    message: /all apps of the tenant/,
  });
  await assert.rejects(admin.app("more"), { code: "no-such-app" });
  await clientOf("admin of other").deploy(manifest({ name: "more" }), code("c", 700_000));
});
