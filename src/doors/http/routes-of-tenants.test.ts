/** Apps of tenants other than `main`: how they are called, and that nothing crosses to an app of another tenant. */
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { mainTenant } from "../../base/ids/new-id.ts";
import { MayflyError } from "../../base/errors/error.ts";
import { manifestSchema } from "../../store/catalog/manifest.ts";
import { pathWithin, RouteTable } from "./routes.ts";

const tenants = new Map([
  ["acme", "ten_1"],
  ["Ship-Co_9", "ten_2"],
  ["constructor", "ten_3"],
]);

let routes: RouteTable;

beforeEach(() => {
  routes = new RouteTable({
    domain: "fn.test",
    allowed: ["own.example=@acme/shop", "*.all.example=@acme/*", "main.example=*"],
    isTenant: (label) => [...tenants.keys()].some((name) => name.toLowerCase() === label),
    tenantName: (id) => [...tenants].find(([, known]) => known === id)?.[0] ?? null,
  });
});

test("an app of another tenant is called by /@tenant/app/function, and by function.app.tenant.domain", () => {
  set("acme", { name: "shop", functions: ["cart", "pay"] });
  set("Ship-Co_9", { name: "A_b", functions: ["F"] });
  const cases: [host: string, path: string, expected: string][] = [
    ["h", "/@acme/shop/cart/a?x=/y", "acme shop/cart /a?x=/y"],
    ["h", "/@acme/shop/pay", "acme shop/pay /"],
    ["h", "/@acme/shop/pay?x", "acme shop/pay /?x"],
    ["h", "/@Ship-Co_9/A_b/F/x", "Ship-Co_9 A_b/F /x"],
    ["h", "/@Ship-Co_9/A_b/other/x", "Ship-Co_9 A_b/F /other/x"],
    ["h", "/@Ship-Co_9/A_b", "Ship-Co_9 A_b/F /"],
    ["cart.shop.acme.fn.test", "/a", "acme shop/cart /a"],
    ["CART.Shop.ACME.fn.test.:8080", "/a", "acme shop/cart /a"],
    ["f.a_b.ship-co_9.fn.test", "/", "Ship-Co_9 A_b/F /"],
    // A listed host or one made of names takes precedence over the path.
    ["pay.shop.acme.fn.test", "/@Ship-Co_9/A_b/F", "acme shop/pay /@Ship-Co_9/A_b/F"],
  ];
  for (const [host, path, expected] of cases) assert.equal(found(host, path), expected, `${host}${path}`);
  const route = routes.lookup("h", "/@acme/shop/cart/a");
  assert.ok(!(route instanceof MayflyError));
  assert.deepEqual([route.tenant, route.app, route.prefix], ["ten_1", "acme/shop", "/@acme/shop/cart"]);
});

test("nothing but its exact path leads to an app of another tenant, and all else looks as an unknown app does", () => {
  set("acme", { name: "shop", functions: ["cart"] });
  const paths = [
    "/shop/cart",
    "/acme/shop/cart",
    "/@main/shop/cart",
    "/@ACME/shop/cart",
    "/@acme/Shop/cart",
    "/@acme",
    "/@acme/",
    "/@acme//cart",
    "/@acme//shop/cart",
    "//@acme/shop/cart",
    "/@",
    "/@/",
    "/@?x",
    "/@/shop/cart",
    "/@@acme/shop/cart",
    "/@acme?/shop/cart",
    "/%40acme/shop/cart",
    "/@acme%2fshop/cart",
    "/@%61cme/shop/cart",
    "/@constructor/shop/cart",
    "/@__proto__/shop/cart",
  ];
  const unknown = routes.lookup("h", "/none/cart") as MayflyError;
  for (const path of paths) {
    const error = routes.lookup("h", path);
    assert.ok(error instanceof MayflyError, path);
    assert.equal(error.message, unknown.message.replace("/none/cart", path.split("?", 1)[0]!), path);
    assert.deepEqual([error.code, error.entry], [unknown.code, unknown.entry], path);
  }
  for (const host of ["cart.shop.fn.test", "shop.acme.fn.test", "acme.fn.test", "x.cart.shop.acme.fn.test", "cart.shop.main.fn.test"])
    assert.equal(found(host, "/"), "no-such-route", host);
});

test("apps of the same name are one for each tenant, and an app of main may be called like a tenant", () => {
  set(null, { name: "shop", functions: ["cart"] });
  set(null, { name: "acme", functions: ["shop", "cart"] });
  set("acme", { name: "shop", functions: ["cart"] });
  set("constructor", { name: "__proto__", functions: ["toString"] });
  const expected = {
    "h /shop/cart": "main shop/cart /",
    "h /@acme/shop/cart": "acme shop/cart /",
    "h /acme/shop/cart": "main acme/shop /cart",
    "h /@constructor/__proto__/toString": "constructor __proto__/toString /",
    "shop.fn.test /": "main shop/cart /",
    "cart.shop.fn.test /": "main shop/cart /",
    "shop.acme.fn.test /": "main acme/shop /",
    "cart.shop.acme.fn.test /": "acme shop/cart /",
    "tostring.__proto__.constructor.fn.test /": "constructor __proto__/toString /",
  };
  const got = Object.keys(expected).map((request) => [request, found(...(request.split(" ") as [string, string]))]);
  assert.deepEqual(Object.fromEntries(got), expected);
  routes.removeApp("acme/shop");
  assert.equal(found("h", "/@acme/shop/cart"), "no-such-route");
  assert.equal(found("h", "/shop/cart"), "main shop/cart /");
});

test("an app of another tenant may list hosts below its own name, and those that the operator gives it", () => {
  const cases: [tenant: string | null, app: string, host: string, expected: string][] = [
    ["acme", "shop", "shop.acme.fn.test", "yes"],
    ["acme", "shop", "www.SHOP.acme.fn.test", "yes"],
    ["acme", "shop", "shop.fn.test", "host-not-allowed"],
    ["acme", "shop", "cart.shop.fn.test", "host-not-allowed"],
    ["acme", "shop", "other.acme.fn.test", "host-not-allowed"],
    ["acme", "shop", "own.example", "yes"],
    ["acme", "other", "own.example", "host-not-allowed"],
    ["constructor", "shop", "own.example", "host-not-allowed"],
    [null, "shop", "own.example", "host-not-allowed"],
    ["acme", "other", "x.all.example", "yes"],
    [null, "other", "x.all.example", "host-not-allowed"],
    [null, "other", "main.example", "yes"],
    ["acme", "other", "main.example", "host-not-allowed"],
    [null, "acme", "acme.fn.test", "yes"],
    [null, "acme", "shop.acme.fn.test", "yes"],
    [null, "acme", "a.b.c.acme.fn.test", "yes"],
    [null, "acme", "cart.shop.acme.fn.test", "host-not-allowed"],
    [null, "nobody", "cart.shop.nobody.fn.test", "yes"],
  ];
  for (const [tenant, name, host, expected] of cases) {
    const check = () => routes.checkHosts(idOf(tenant), manifestOf({ name, functions: ["f"], hosts: { [host]: "f" } }));
    assert.equal(codeOf(check), expected, `${tenant} ${name} ${host}`);
  }
});

test("a host that another tenant's app of the same name lists is taken", () => {
  routes = new RouteTable({ allowed: ["a.example=*", "a.example=@acme/*"], tenantName: (id) => (id === mainTenant ? null : "acme") });
  set("acme", { name: "shop", functions: ["f"], hosts: { "a.example": "f" } });
  const again = manifestOf({ name: "shop", functions: ["f"], hosts: { "a.example": "f" } });
  assert.equal(
    codeOf(() => routes.checkHosts(mainTenant, again)),
    "host-taken",
  );
  assert.equal(
    codeOf(() => routes.checkHosts("ten_1", again)),
    "yes",
  );
});

test("a host that an app lists goes to the function that it lists, whatever the names in the host say", () => {
  set(null, { name: "shop", functions: ["cart", "pay"], hosts: { "cart.shop.fn.test": "pay" } });
  assert.equal(found("cart.shop.fn.test", "/"), "main shop/pay /");
});

test("an app is loaded by the names of tenant and app that its first call has", () => {
  const asked: [string | null, string, boolean][] = [];
  const table: RouteTable = new RouteTable({
    domain: "fn.test",
    tenantName: () => "Acme",
    load(tenant, name, asHost) {
      asked.push([tenant, name, asHost]);
      if (tenant === null || tenant.toLowerCase() !== "acme") return false;
      table.setApp({ app: "1", tenant: "ten_1", manifest: manifestOf({ name: "Shop", functions: ["Cart"] }) });
      return true;
    },
  });
  assert.ok(table.lookup("h", "/shop/cart") instanceof MayflyError);
  assert.ok(table.lookup("cart.shop.fn.test", "/") instanceof MayflyError);
  assert.ok(table.lookup("a.cart.shop.acme.fn.test", "/@") instanceof MayflyError);
  assert.ok(!(table.lookup("CART.shop.acme.fn.test", "/x/y") instanceof MayflyError));
  table.removeApp("1");
  assert.ok(!(table.lookup("h", "/@Acme/Shop/Cart") instanceof MayflyError));
  assert.deepEqual(asked, [
    [null, "shop", false],
    [null, "shop", true],
    [null, "", false],
    ["", "", false],
    ["acme", "shop", true],
    ["Acme", "Shop", false],
  ]);
});

interface Given {
  name: string;
  functions: string[];
  hosts?: Record<string, string>;
}

/** An app's id here is its tenant's name and its own, so that a route tells whose it is. */
function set(tenant: string | null, given: Given): void {
  const refused = routes.setApp({ app: `${tenant ?? "main"}/${given.name}`, tenant: idOf(tenant), manifest: manifestOf(given) });
  assert.deepEqual(refused, []);
}

function idOf(tenant: string | null): string {
  return tenant === null ? mainTenant : tenants.get(tenant)!;
}

function manifestOf({ name, functions, hosts = {} }: Given) {
  return manifestSchema.parse({
    name,
    functions: Object.fromEntries(functions.map((each) => [each, { entry: "f.ts" }])),
    hosts,
  });
}

/** The tenant, the app, the function, and the path that the function sees; or the error's code. */
function found(host: string, path: string): string {
  const route = routes.lookup(host, path);
  if (route instanceof MayflyError) return route.code;
  return `${route.app.slice(0, -route.appName.length - 1)} ${route.appName}/${route.function} ${pathWithin(route, path)}`;
}

function codeOf(work: () => void): string {
  try {
    work();
    return "yes";
  } catch (error) {
    return (error as MayflyError).code;
  }
}
