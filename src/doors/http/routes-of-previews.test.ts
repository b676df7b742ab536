/** URLs that name a revision, or an alias other than `live`. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { MayflyError } from "../../base/errors/error.ts";
import { manifestSchema } from "../../store/catalog/manifest.ts";
import type { Preview } from "./previews.ts";
import { pathWithin, type Route, RouteTable } from "./routes.ts";

const app = (name: string, functions: string[], tenant = "ten_main") => ({
  app: `app_${name}`,
  tenant,
  manifest: manifestSchema.parse({ name, functions: Object.fromEntries(functions.map((each) => [each, { entry: "a.ts" }])) }),
});
const shop = app("shop", ["page", "Pay"]);
const blog = app("blog", ["post"]);
const other = { ...app("shop", ["page"], "ten_other"), app: "app_other" };

/** @param asked gets what was asked for */
function table(asked: string[] = []): RouteTable {
  const apps = new Map([
    ["shop", shop],
    ["blog", blog],
  ]);
  const preview = (tenant: string | null, name: string, label: string, asHost: boolean): Preview | undefined => {
    asked.push(`${tenant} ${name} ${label} ${asHost}`);
    const found = tenant === null ? apps.get(name) : name === "shop" && tenant === "other" ? other : undefined;
    return found === undefined || !["3", "next"].includes(label) ? undefined : { branch: `branch ${label}`, revision: found, sticky: null };
  };
  const routes = new RouteTable({
    domain: "fn.example",
    preview,
    tenantName: (id) => (id === "ten_main" ? null : "other"),
    isTenant: (label) => label === "other",
  });
  for (const each of [shop, blog, other]) routes.setApp(each);
  return routes;
}

const shown = (route: Route | MayflyError, path: string) =>
  route instanceof MayflyError ? route.code : [route.app, route.branch, route.function, pathWithin(route, path)];

test("a revision or an alias is named behind the app in a path, and before it in a host", () => {
  const routes = table();
  const cases: [host: string | undefined, path: string, expected: unknown][] = [
    [undefined, "/shop@3/page/a?b=c", ["app_shop", "branch 3", "page", "/a?b=c"]],
    [undefined, "/shop@next/Pay", ["app_shop", "branch next", "Pay", "/"]],
    [undefined, "/blog@3/any/path", ["app_blog", "branch 3", "post", "/any/path"]],
    [undefined, "/blog@3?q", ["app_blog", "branch 3", "post", "/?q"]],
    [undefined, "/@other/shop@3/page", ["app_other", "branch 3", "page", "/"]],
    ["3--page.shop.fn.example", "/x", ["app_shop", "branch 3", "page", "/x"]],
    ["NEXT--Pay.shop.fn.example:8080", "/x", ["app_shop", "branch next", "Pay", "/x"]],
    ["3--blog.fn.example", "/x", ["app_blog", "branch 3", "post", "/x"]],
    ["3--page.shop.other.fn.example", "/x", ["app_other", "branch 3", "page", "/x"]],
    [undefined, "/shop@4/page", "no-such-route"],
    [undefined, "/shop@3/none", "no-such-route"],
    [undefined, "/shop@3", "no-such-route"],
    [undefined, "/shop@/page", "no-such-route"],
    [undefined, "/none@3/page", "no-such-route"],
    ["3--shop.fn.example", "/x", "no-such-route"],
    ["4--blog.fn.example", "/x", "no-such-route"],
    ["--blog.fn.example", "/x", "no-such-route"],
  ];
  for (const round of [1, 2])
    for (const [host, path, expected] of cases)
      assert.deepEqual(shown(routes.lookup(host, path), path), expected, `${host} ${path}, ${round}`);
});

test("what is named is asked for once, until the app is pointed elsewhere", () => {
  const asked: string[] = [];
  const routes = table(asked);
  for (let i = 0; i < 3; i++) routes.lookup(undefined, "/shop@3/page");
  for (let i = 0; i < 3; i++) routes.lookup("3--page.shop.fn.example", "/");
  assert.deepEqual(asked, ["null shop 3 false", "null shop 3 true"]);
  routes.setApp(shop);
  routes.lookup(undefined, "/shop@3/page");
  assert.equal(asked.length, 3);
  routes.removeApp(shop.app);
  assert.equal(shown(routes.lookup("3--page.shop.fn.example", "/"), "/"), "no-such-route");
});

test("an app that is called like a preview of another has its own host", () => {
  const routes = table();
  assert.deepEqual(shown(routes.lookup("3--blog.fn.example", "/"), "/"), ["app_blog", "branch 3", "post", "/"]);
  routes.setApp(app("3--blog", ["main"]));
  assert.deepEqual(shown(routes.lookup("3--blog.fn.example", "/"), "/"), ["app_3--blog", undefined, "main", "/"]);
});

test("routes of a revision choose its functions, whatever those of the live one are", () => {
  const live = app("api", ["list", "show"]);
  const routes = { "GET /users/{id}": "show" };
  const revision = { ...live, manifest: manifestSchema.parse({ ...live.manifest, routes }) };
  const preview = (): Preview => ({ branch: "branch 3", revision, sticky: null });
  const found = new RouteTable({ domain: "fn.example", preview });
  found.setApp(live);
  const shownAt = (host: string | undefined, path: string) => shown(found.lookup(host, path), path);
  assert.deepEqual(shownAt(undefined, "/api@3/users/7"), ["app_api", "branch 3", "show", "/users/7"]);
  assert.deepEqual(shownAt(undefined, "/api@3/list/7"), ["app_api", "branch 3", "list", "/7"]);
  assert.deepEqual(shownAt("3--api.fn.example", "/users/7"), ["app_api", "branch 3", "show", "/users/7"]);
  assert.equal(shownAt("3--api.fn.example", "/list"), "no-such-route");
  assert.equal(shownAt(undefined, "/api/users/7"), "no-such-route");
});

test("a preview is for those whom the app lets in as it is live, and for those of its own revision where that is everybody", () => {
  const of = (more: object, functions: object = { page: { entry: "a.ts" }, old: { entry: "a.ts" } }) => ({
    ...shop,
    manifest: manifestSchema.parse({ name: "shop", functions, ...more }),
  });
  const ways = (live: ReturnType<typeof of>, revision: ReturnType<typeof of>, path: string) => {
    const routes = new RouteTable({ preview: () => ({ branch: "b", revision, sticky: null }) });
    routes.setApp(live);
    const route = routes.lookup(undefined, path);
    return route instanceof MayflyError ? route.code : route.rules?.ways.map(({ kind }) => kind);
  };
  const [open, tokens, urls] = [of({}), of({ access: "token" }, { page: { entry: "a.ts" } }), of({ access: "signed-url" })];
  assert.deepEqual(ways(tokens, open, "/shop@1/page"), ["token"]);
  assert.deepEqual(ways(tokens, open, "/shop@1/old"), ["token"], "a function that the live revision has not");
  assert.deepEqual(ways(tokens, urls, "/shop@1/page"), ["token"]);
  assert.deepEqual(ways(open, urls, "/shop@1/page"), ["signed-url"]);
  assert.deepEqual(ways(open, open, "/shop@1/page"), undefined);
});
