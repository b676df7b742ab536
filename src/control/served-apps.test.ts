import assert from "node:assert/strict";
import { test } from "node:test";
import type { Target, Version } from "../store/catalog/catalog.ts";
import { ServedApps, type ServedAppsOptions } from "./served-apps.ts";

test("what of an app has no effect on this server is told once a revision, and keeps nothing from being served", () => {
  const { apps, told, served } = set();
  apps.point("a", target("1", "egress"));
  apps.point("a", target("1", "egress"));
  apps.point("a", target("2", "none"));
  assert.deepEqual(served, ["1", "1", "2"]);
  assert.deepEqual(told, ["a: an entry has no effect"]);
});

test("an app is taken from the catalog when it is called first, and once; changed secrets renew only what is served", () => {
  const { apps, served, renewed } = set({ shop: target("1", "none") });
  apps.renew("shop");
  assert.equal(apps.load("ten", "none", false), false);
  assert.equal(apps.load("ten", "shop", false), true);
  assert.equal(apps.load("ten", "shop", true), false);
  assert.deepEqual([served, renewed], [["1"], []]);
  apps.renew("shop");
  assert.deepEqual([served, renewed], [["1", "1"], ["shop"]]);
});

test("an app that cannot be served is told of once, and has its problem until it is pointed anew", () => {
  const { apps, complaints } = set({ torn: [] });
  assert.equal(apps.load("ten", "torn", false), false);
  assert.equal(apps.load("ten", "torn", false), false);
  assert.deepEqual(complaints, ["torn"]);
  assert.match(apps.problemOf("torn")!, /no live revision/);
  apps.point("torn", target("1", "none"));
  assert.equal(apps.problemOf("torn"), null);
});

/** @param live by the name of each app, which is its id, too */
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
