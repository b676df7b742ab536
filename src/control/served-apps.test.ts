import assert from "node:assert/strict";
import { test } from "node:test";
import type { Version } from "../store/catalog/catalog.ts";
import { ServedApps } from "./served-apps.ts";

test("what of an app has no effect on this server is told once a version, and keeps nothing from being served", () => {
  const told: string[] = [];
  const served: string[] = [];
  const apps = new ServedApps({
    dispatcher: { setApp: ({ id }) => void served.push(id), renewApp: () => {}, removeApp: () => {} },
    routes: { checkHosts: () => {}, setApp: () => [], removeApp: () => {} },
    warn: () => {},
    inert: ({ network }) => (network === "none" ? [] : ["an entry has no effect"]),
    tell: (app, text) => void told.push(`${app}: ${text}`),
    complain: () => assert.fail(),
  });
  const version = (id: string, network: "none" | "egress") => ({ app: "a", id, manifest: { network }, createdAt: 0 }) as unknown as Version;
  assert.ok(apps.tryDeploy(version("1", "egress")));
  apps.deploy(version("1", "egress"));
  apps.deploy(version("2", "none"));
  assert.deepEqual(served, ["1", "1", "2"]);
  assert.deepEqual(told, ["a: an entry has no effect"]);
});
