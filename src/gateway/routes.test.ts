import { test } from "node:test";
import assert from "node:assert/strict";
import { manifestSchema } from "../catalog/manifest.ts";
import { MayflyError } from "../errors/error.ts";
import { pathWithin, RouteTable } from "./routes.ts";

test("paths and hosts find their functions", () => {
  const routes = table();
  const cases: [string, string, string, string][] = [
    ["h", "/shop/cart/a/b?x=/y", "shop/cart", "/a/b?x=/y"],
    ["h", "/shop/cart", "shop/cart", "/"],
    ["h", "/shop/cart?x=1", "shop/cart", "/?x=1"],
    ["h", "/blog/blog/x", "blog/blog", "/x"],
    ["h", "/blog/posts/7", "blog/blog", "/posts/7"],
    ["h", "/blog", "blog/blog", "/"],
    ["h", "/blog?x", "blog/blog", "/?x"],
    ["www.shop.example:8080", "/shop/cart", "shop/pay", "/shop/cart"],
    ["WWW.shop.example.", "/", "shop/pay", "/"],
    ["cart.shop.fn.test", "/a", "shop/cart", "/a"],
    ["blog.fn.test:1", "/a", "blog/blog", "/a"],
  ];
  for (const [host, path, name, within] of cases) {
    const route = routes.lookup(host, path);
    assert.ok(!(route instanceof MayflyError), `${host}${path}`);
    assert.equal(`${route.app}/${route.function}`, name, `${host}${path}`);
    assert.equal(pathWithin(route, path), within);
  }
});

test("what is not routed says why", () => {
  const routes = table();
  const codes = ["/", "/shop", "/shop/", "/shop/none/x", "/none/x", "/Shop/cart", "/shop%2fcart", "*"].map((path) => {
    const found = routes.lookup("h", path);
    return found instanceof MayflyError ? found.code : "found";
  });
  assert.deepEqual(codes, [
    "no-such-route",
    "no-such-route",
    "no-such-route",
    "no-such-function",
    "no-such-app",
    "no-such-app",
    "no-such-app",
    "no-such-route",
  ]);
});

test("a deploy replaces an app's routes, a remove ends them", () => {
  const routes = table();
  routes.setApp(manifestSchema.parse({ name: "shop", functions: { buy: { entry: "b", timeoutMs: 7 } }, bodyLimitBytes: 9 }));
  assert.ok(routes.lookup("www.shop.example", "/x") instanceof MayflyError);
  const route = routes.lookup("h", "/shop/cart");
  assert.ok(!(route instanceof MayflyError));
  assert.deepEqual(route, { app: "shop", function: "buy", timeoutMs: 7, bodyLimitBytes: 9, prefix: "/shop" });
  routes.removeApp("shop");
  assert.ok(routes.lookup("buy.shop.fn.test", "/shop/buy") instanceof MayflyError);
});

test("a host stays with the app that had it first", () => {
  const routes = table();
  const functions = { f: { entry: "f" } };
  const thief = manifestSchema.parse({ name: "thief", functions, hosts: { "www.shop.example": "f", "own.example": "f" } });
  assert.deepEqual(routes.setApp(thief), ["www.shop.example"]);
  const route = routes.lookup("www.shop.example", "/");
  assert.ok(!(route instanceof MayflyError) && route.app === "shop");
});

function table(): RouteTable {
  const routes = new RouteTable("fn.test");
  const hosts = { "www.shop.example": "pay" };
  routes.setApp(manifestSchema.parse({ name: "shop", functions: { cart: { entry: "c" }, pay: { entry: "p" } }, hosts }));
  routes.setApp(manifestSchema.parse({ name: "blog", functions: { blog: { entry: "b" } } }));
  return routes;
}
