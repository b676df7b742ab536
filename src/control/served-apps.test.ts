import assert from "node:assert/strict";
import { test } from "node:test";
import type { Alias, Revision, Target, Version } from "../store/catalog/catalog.ts";
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

test("an app that comes to rest leaves the routes and is loaded by its next call; what has no effect is not told again", () => {
  const { apps, calls, told } = set({ shop: target("1", "egress"), blog: target("2", "none") });
  for (const name of ["shop", "blog"]) apps.load("ten", name, false);
  apps.rest();
  assert.deepEqual(calls.splice(0), ["rest shop", "unroute shop", "rest blog", "unroute blog"]);
  apps.rest();
  assert.deepEqual(calls.splice(0), []);
  assert.equal(apps.load("ten", "shop", false), true);
  assert.equal(told.length, 1);
  apps.recall("blog");
  assert.equal(apps.load("ten", "blog", false), false, "it is there already");
});

test("an app whose secrets change while it rests is renewed as one that does not", () => {
  const { apps, renewed } = set({ shop: target("1", "none") });
  apps.load("ten", "shop", false);
  apps.rest();
  apps.renew("shop");
  assert.deepEqual(renewed, ["shop"]);
});

test("an app that keeps machines ready or lists hosts never rests, and neither does one that the dispatcher still needs", () => {
  const present = [{ minMachines: 1 }, { reservedBlanks: 1 }, { hosts: { "a.example": "f" } }].map((more) => target("1", "none", more));
  const { apps, calls, busy } = set({ a: present[0]!, b: present[1]!, c: present[2]!, d: target("1", "none") });
  for (const name of ["a", "b", "c", "d"]) apps.load("ten", name, false);
  busy.add("d");
  apps.rest();
  assert.deepEqual(calls, ["rest d"]);
});

test("of more apps than are remembered, the one that came to rest first is forgotten completely, and can still be called", () => {
  const names = Array.from({ length: 4_002 }, (_, i) => `app${i}`);
  const { apps, calls } = set(Object.fromEntries(names.map((name) => [name, target("1", "none")])));
  for (const name of names) apps.load("ten", name, false);
  apps.rest();
  const forgotten = calls.filter((text) => text.startsWith("remove"));
  assert.deepEqual(forgotten, ["remove app0", "remove app1"]);
  assert.equal(apps.load("ten", "app0", false), true);
});

test("a call that names a revision serves its app, and pins the revision once", () => {
  const { apps, served, pins, kept } = set({ shop: target("1", "none"), torn: [] });
  kept.set("r1", { id: "r1" } as Revision);
  assert.equal(apps.ensure("shop"), true);
  assert.equal(apps.pin("shop", "v1", "r1"), true);
  assert.equal(apps.pin("shop", "v1", "other"), true);
  assert.deepEqual([served, [...pins]], [["1"], [["shop v1", "r1"]]]);
  assert.deepEqual([apps.pin("torn", "v1", "r1"), apps.ensure("torn")], [false, false]);
});

test("a revision that is named is served from its first call on, and let go of when nobody calls it", () => {
  const { apps, kept, beside, busy } = set({ shop: target("1", "none") });
  for (const choice of ["2", "rev2"]) kept.set(choice, target("rev2", "none")[0]!.revision);
  assert.equal(apps.reach("shop", "3"), undefined);
  assert.equal(apps.reach("shop", "2")?.branch, "rev2");
  assert.equal(apps.reach("shop", "2")?.branch, "rev2");
  assert.deepEqual(beside, [[], ["rev2: rev2 0"]], "the app is served, then the revision; the second call finds both");
  busy.add("shop");
  busy.add("rev2");
  apps.rest();
  assert.equal(beside.length, 2);
  busy.delete("rev2");
  apps.rest();
  assert.deepEqual(beside.at(-1), []);
  kept.delete("2");
  assert.equal(apps.reach("shop", "2"), undefined, "what was pruned is no longer there");
});

test("an alias is served where it points now; one that reserves machines is always served, and its app never rests", () => {
  const { apps, aliases, beside, calls } = set({ shop: target("1", "none") });
  const alias = (id: string, reserved: number): Alias => ({ name: "next", targets: target(id, "none"), sticky: null, reserved });
  aliases.set("shop", [alias("2", 0)]);
  assert.equal(apps.reach("shop", "next")?.revision.id, "2");
  aliases.set("shop", [alias("3", 0)]);
  apps.branched("shop");
  assert.deepEqual(beside.at(-1), ["next: 3 0"]);
  assert.equal(apps.reach("shop", "next")?.revision.id, "3");
  aliases.set("shop", [alias("3", 2)]);
  apps.branched("shop");
  assert.deepEqual(beside.at(-1), ["next: 3 2"]);
  apps.rest();
  assert.deepEqual(calls, []);
  aliases.delete("shop");
  apps.branched("shop");
  assert.deepEqual(beside.at(-1), []);
});

test("an app whose live manifest has no previews shows none, and its branches can be reached by other doors", () => {
  const { apps, kept } = set({ shop: target("1", "none", { previews: false }), blog: target("1", "none") });
  kept.set("2", target("rev2", "none")[0]!.revision);
  assert.equal(apps.preview("ten", "shop", "2", false), undefined);
  assert.equal(apps.preview("ten", "blog", "2", false)?.branch, "rev2");
  assert.equal(apps.preview("ten", "none", "2", false), undefined);
  assert.equal(apps.reach("shop", "2")?.branch, "rev2");
});

/** @param live the targets of each app, by its name, which is also its id here */
function set(live: Record<string, Target[]> = {}) {
  const [told, served, renewed, complaints, calls]: string[][] = [[], [], [], [], []];
  const busy = new Set<string>();
  const pins = new Map<string, string>();
  const aliases = new Map<string, Alias[]>();
  const kept = new Map<string, Revision>();
  /** What was served beside `live`, each time that the dispatcher was told. */
  const beside: string[][] = [];
  const holder = (_tenant: string, name: string) => (Object.hasOwn(live, name) ? { kind: "app" as const, id: name } : undefined);
  const options: ServedAppsOptions = {
    catalog: {
      live: (app) => live[app] ?? [],
      alias: (app, name) => aliases.get(app)?.find((alias) => alias.name === name),
      reserving: (app) => aliases.get(app)?.filter(({ reserved }) => reserved > 0) ?? [],
      revision: (_app, choice) => kept.get(choice),
      names: { holder, holderOfHost: holder },
    },
    dispatcher: {
      point(_app, [first], { branches = [] }) {
        served!.push(first!.revision.id);
        beside.push(
          branches.map(
            ({ name, targets }) => `${name}: ${targets.map(({ revision, reserved = 0 }) => `${revision.id} ${reserved}`).join()}`,
          ),
        );
      },
      isResting: (_app, revision) => !busy.has(revision),
      renewApp: (app) => void renewed!.push(app),
      rest: (app) => calls!.push(`rest ${app}`) > 0 && !busy.has(app),
      removeApp: (app) => void calls!.push(`remove ${app}`),
      isPinned: (app, pin) => pins.has(`${app} ${pin}`),
      pin(app, pin, { id }) {
        pins.set(`${app} ${pin}`, id);
      },
      unpinIdle: () => {},
    },
    routes: { checkHosts: () => {}, setApp: () => [], removeApp: (app) => void calls!.push(`unroute ${app}`) },
    warn: () => {},
    inert: ({ network }) => (network === "none" ? [] : ["an entry has no effect"]),
    tell: (app, text) => void told!.push(`${app}: ${text}`),
    complain: (app) => void complaints!.push(app),
  };
  return { apps: new ServedApps(options), told: told!, served, renewed, complaints, calls: calls!, busy, aliases, kept, beside, pins };
}

function target(id: string, network: "none" | "egress", more: object = {}): Target[] {
  const manifest = { minMachines: 0, reservedBlanks: 0, hosts: {}, network, ...more };
  const revision = { app: "a", id, manifest, createdAt: 0 } as unknown as Version;
  return [{ revision, weight: 1 } as Target];
}
