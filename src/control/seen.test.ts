import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../base/clock/clock.ts";
import { mainTenant } from "../base/ids/new-id.ts";
import type { Catalog } from "../store/catalog/catalog.ts";
import type { MachineRow } from "../dispatch/live-dispatcher.ts";
import { createOverview } from "./create-overview.ts";
import type { Seen } from "./seen.ts";

const apps: Record<string, { tenant: string; name: string }> = {
  app_1: { tenant: mainTenant, name: "shop" },
  app_2: { tenant: "ten_acme", name: "shop" },
  app_3: { tenant: "ten_acme", name: "blog" },
};
const names = { nameOf: (id: string) => apps[id], tenantName: (id: string) => id.slice("ten_".length) } as Catalog["names"];
const rows = [null, "app_1", "app_2", "app_3"].map((app, at) => ({ app, name: `m${at}`, kind: {} }) as unknown as MachineRow);

test("the list of machines has those of the apps that are seen, and blanks for who sees the whole server", () => {
  const overview = createOverview({
    version: "0",
    clock: systemClock,
    dispatcher: { machines: () => rows, explain: () => assert.fail(), explainMachine: () => [], sample: () => {}, inFlight: () => [] },
    recall: () => {},
    appliances: {
      list: (tenant) => (tenant === undefined || tenant === mainTenant ? [appliance] : []),
      leftAlone: () => [],
      sample: () => {},
    },
    catalog: { count: () => 0, names },
    driver: { name: "process", detail: "", damage: () => null },
    reserves: () => [],
    urls: { gateway: "", api: "" },
    supervision: undefined,
  });
  const seenBy = (seen: Seen) => overview.machines(seen).map(({ id, app }) => `${id} ${app}`);
  assert.deepEqual(seenBy({ tenant: null, apps: null }), ["m0 null", "m1 shop", "m2 @acme/shop", "m3 @acme/blog", "m9 box"]);
  assert.deepEqual(seenBy({ tenant: mainTenant, apps: null }), ["m1 shop", "m9 box"]);
  assert.deepEqual(seenBy({ tenant: "ten_acme", apps: null }), ["m2 shop", "m3 blog"]);
  assert.deepEqual(seenBy({ tenant: "ten_acme", apps: ["app_3"] }), ["m3 blog"]);
});

const appliance = { name: "box", machine: "m9", state: "running", memoryBytes: 0, cpuUs: 0, ageMs: 0 } as never;
