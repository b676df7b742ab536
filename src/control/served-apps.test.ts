import assert from "node:assert/strict";
import { test } from "node:test";
import type { Target, Version } from "../store/catalog/catalog.ts";
import { ServedApps, type ServedAppsOptions } from "./served-apps.ts";

test("an entry of a manifest that has no effect on this server is reported once for each revision, and the app is served all the same", () => {
  const { apps, told, served } = set();
  apps.point("a", target("1", "egress"));
  apps.point("a", target("1", "egress"));
  apps.point("a", target("2", "none"));
  assert.deepEqual(served, ["1", "1", "2"]);
  assert.deepEqual(told, ["a: an entry has no effect"]);
});

test("an app is read from the catalog once, at its first call; changed secrets renew only apps that are served", () => {
  const { apps, served, renewed } = set({ shop: target("1", "none") });
  apps.renew("shop");
  assert.equal(apps.load("ten", "none", false), false);
  assert.equal(apps.load("ten", "shop", false), true);
  assert.equal(apps.load("ten", "shop", true), false);
  assert.deepEqual([served, renewed], [["1"], []]);
  apps.renew("shop");
  assert.deepEqual([served, renewed], [["1", "1"], ["shop"]]);
});

test("an app that cannot be served is reported once, and keeps its problem until an alias is pointed again", () => {
  const { apps, complaints } = set({ torn: [] });
  assert.equal(apps.load("ten", "torn", false), false);
  assert.equal(apps.load("ten", "torn", false), false);
  assert.deepEqual(complaints, ["torn"]);
  assert.match(apps.problemOf("torn")!, /no live revision/);
  apps.point("torn", target("1", "none"));
  assert.equal(apps.problemOf("torn"), null);
});

/** @param live the targets of each app, by its name, which is also its id here */
function set(live: Record<string, Target[]> = {}) {
  const [told, served, renewed, complaints]: string[][] = [[], [], [], []];
  const holder = (_tenant: string, name: string) => (Object.hasOwn(live, name) ? { kind: "app" as const, id: name } : undefined);
  const options: ServedAppsOptions = {
    catalog: { live: (app) => live[app] ?? [], names: { holder, holderOfHost: holder } },
    dispatcher: {
      point: (_app, [first]) => void served!.push(first!.revision.id),
      renewApp: (app) => void renewed!.push(app),
      removeApp: () => {},
    },
    routes: { checkHosts: () => {}, setApp: () => [], removeApp: () => {} },
    warn: () => {},
    inert: ({ network }) => (network === "none" ? [] : ["an entry has no effect"]),
    tell: (app, text) => void told!.push(`${app}: ${text}`),
    complain: (app) => void complaints!.push(app),
  };
  return { apps: new ServedApps(options), told, served, renewed, complaints };
}

function target(id: string, network: "none" | "egress"): Target[] {
  const revision = { app: "a", id, manifest: { network }, createdAt: 0 } as unknown as Version;
  return [{ revision, weight: 1 } as Target];
}
