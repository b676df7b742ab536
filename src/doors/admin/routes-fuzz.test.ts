/** Every route of the API is sent what no client of ours sends: it answers, and what it meets is the caller's fault. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Random, seedOf } from "../../base/testing/random.ts";
import type { RouteName } from "./endpoint.ts";
import * as table from "./routes.ts";
import { TENANT_HEADER } from "./scope.ts";
import { type HostileTenants, serveTwoTenants } from "./testing/hostile-tenants.ts";
import { oddBody, oddText } from "./testing/odd-json.ts";

interface Route {
  method: string;
  path: string;
  request?: { params?: object; body?: { content?: Record<string, { schema?: object }> }; query?: object };
}

const seed = seedOf();
const REQUESTS = 3_000;
const routes: Record<RouteName, Route> = table;
/** Those that go on, and one that would end what all others need. */
const left = new Set<string>(["followLogs", "followAudit", "live", "removeTenant"]);
const NAMES = ["shop", "hidden", "live", "next", "1", "acme", "other", "KEY", "cart"];

let served: HostileTenants;
before(async () => void (served = await serveTwoTenants()));
after(() => served.close());

/** The names of an object's members, as the schema has them. */
function membersOf(schema: object | undefined): string[] {
  const { shape } = (schema ?? {}) as { shape?: object };
  return Object.keys(shape ?? {});
}

test(`whatever a route is sent, it answers, and refuses what it cannot do by an error of the table (seed ${seed})`, async () => {
  const random = new Random(seed);
  const names = (Object.keys(routes) as RouteName[]).filter((name) => !left.has(name));
  const statuses = new Map<number, number>();
  for (let round = 0; round < REQUESTS; round++) {
    const name = random.pick(names);
    const { method, path, request } = routes[name];
    const filled = path.replaceAll(/\{\w+\}/g, () => encodeURIComponent(oddText(random, NAMES)));
    const pairs = membersOf(request?.query).filter(() => random.chance(0.5));
    const query = pairs.map((each) => `${each}=${encodeURIComponent(oddText(random, NAMES))}`).join("&");
    const members = membersOf(request?.body?.content?.["application/json"]?.schema);
    const body = method === "get" ? undefined : oddBody(random, members, ['"shop"', "1", '[{"revision":1}]', '"acme"']);
    const who = random.pick(["operator", "admin", "deployer of shop", "reader"] as const);
    const response = await fetch(`${served.server.url}${filled}${query === "" ? "" : `?${query}`}`, {
      method: method.toUpperCase(),
      headers: {
        authorization: `Bearer ${served.tokens[who]}`,
        "content-type": "application/json",
        ...(who === "operator" && { [TENANT_HEADER]: "acme" }),
      },
      ...(body !== undefined && { body }),
    });
    const text = await response.text();
    const what = `round ${round}, ${name} by ${who}: ${response.status} ${text.slice(0, 300)}; ${filled} ${body?.slice(0, 500)}`;
    assert.ok(response.status < 500 || response.status === 507, what);
    if (response.status >= 400) assert.match(text, /"code":"[a-z-]+"/, what);
    assert.deepEqual(served.failures, [], what);
    statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
  }
  assert.ok((statuses.get(200) ?? 0) > 100 && (statuses.get(400) ?? 0) > 100, JSON.stringify([...statuses]));
});
