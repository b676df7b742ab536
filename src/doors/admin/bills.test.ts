/** Bills and limits, over the management API of a real catalog and ledger. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { OpenAccounts } from "../../store/ledger/create-accounts.ts";
import type { Client } from "./client.ts";
import { bundle, manifest, type ServedApi, serveApi } from "./testing/serve-api.ts";

let served: ServedApi;
let accounts: OpenAccounts;
let client: Client;

beforeEach(async () => {
  served = await serveApi();
  ({ accounts, client } = served);
});
afterEach(() => served.close());

describe("bills", () => {
  const at = Date.now();
  const use = (name: string | null, cpuUs: number) =>
    accounts.record({ at, app: name === null ? null : served.id(name), machine: "m1", kind: "run", cpuUs, byteSeconds: 0 });

  test("the operator's bill has every app that used something or is deployed, the platform and the total", async () => {
    await client.deploy(manifest(), [bundle("main", "cjs", "one")]);
    use("gone", 2_000_000);
    use(null, 1_000_000);
    const { apps, platform, total, month } = await client.bill();
    assert.equal(month, new Date(at).toISOString().slice(0, 7));
    assert.deepEqual(
      apps.map(({ app, cpuRunSeconds }) => [app, cpuRunSeconds]),
      [
        ["gone", 2],
        ["shop", 0],
      ],
    );
    assert.deepEqual([platform.cpuRunSeconds, total.cpuRunSeconds], [1, 3]);
    assert.deepEqual((await client.bill("2001-01")).apps, []);
  });

  test("an app's bill has its lines; an app that never existed has no bill", async () => {
    use("gone", 2_000_000);
    const { bill, prices } = await client.appBill("gone");
    assert.deepEqual(bill.lines[0], { what: "cpu-run", quantity: 2, unit: "s", price: prices.vcpuSecond, cost: 2 * prices.vcpuSecond });
    await assert.rejects(client.appBill("never"), { code: "no-such-app" });
    await assert.rejects(client.bill("2026-13"), { code: "bad-request", message: /month in the query .*must be a month such as 2026-11/ });
  });

  test("limits are set one by one and lifted with null, before and after the app's life", async () => {
    const first = await client.setLimits("later", { requests: 5 });
    assert.deepEqual(first, { app: "later", limits: { spend: null, requests: 5, cpuSeconds: null }, deployed: false, currency: "USD" });
    await client.setLimits("later", { spend: 0.5 });
    await client.setLimits("later", { requests: null });
    const limits = { spend: 0.5, requests: null, cpuSeconds: null };
    assert.deepEqual((await client.limits("later")).limits, limits);
    assert.deepEqual(await client.allLimits(), { currency: "USD", apps: [{ app: "later", limits, deployed: false }] });
    await client.deploy(manifest({ name: "later" }), [bundle("main", "cjs", "1")]);
    assert.deepEqual([(await client.limits("later")).deployed, (await client.allLimits()).apps[0]!.deployed], [true, true]);
    await client.removeApp("later");
    assert.deepEqual([(await client.limits("later")).deployed, (await client.allLimits()).apps[0]!.deployed], [false, false]);
    await assert.rejects(client.setLimits("later", { spend: 0 }), { code: "bad-request" });
  });
});
