import { test } from "node:test";
import assert from "node:assert/strict";
import { mainTenant } from "../../base/ids/new-id.ts";
import { manifestSchema } from "../../store/catalog/manifest.ts";
import { MayflyError } from "../../base/errors/error.ts";
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
    assert.equal(`${route.appName}/${route.function}`, name, `${host}${path}`);
    assert.equal(pathWithin(route, path), within);
  }
});

test("a request without a route gets an error with the reason", () => {
  const routes = table();
  const codes = ["/", "/shop", "/shop/", "/shop/none/x", "/none/x", "/Shop/cart", "/shop%2fcart", "*"].map((path) => {
    const found = routes.lookup("h", path);
    return found instanceof MayflyError ? found.code : "found";
  });
  assert.deepEqual(codes, [
    "no-such-route",
    "no-such-route",
    "no-such-route",
    "no-such-route",
    "no-such-route",
    "no-such-route",
    "no-such-route",
    "no-such-route",
  ]);
});

test("a deploy replaces an app's routes, and a removal removes them", () => {
  const routes = table();
  routes.setApp(served({ name: "shop", functions: { buy: { entry: "b", timeoutMs: 7 } }, bodyLimitBytes: 9 }));
  assert.ok(routes.lookup("www.shop.example", "/x") instanceof MayflyError);
  const route = routes.lookup("h", "/shop/cart");
  assert.ok(!(route instanceof MayflyError));
  assert.deepEqual(route, {
    tenant: mainTenant,
    app: "id of shop",
    appName: "shop",
    function: "buy",
    timeoutMs: 7,
    bodyLimitBytes: 9,
    isolated: false,
    event: "http-v2",
    rules: null,
    webSockets: undefined,
    compress: true,
    prefix: "/shop",
  });
  routes.removeApp("id of shop");
  assert.ok(routes.lookup("buy.shop.fn.test", "/shop/buy") instanceof MayflyError);
});

test("an app gets only hosts that the operator gives it, and its own names below the domain", () => {
  const cases: [string, string][] = [
    ["WWW.Shop.Example.", "host-taken"],
    ["www.shop.example:8080", "host-taken"],
    ["own.example", "yes"],
    ["a.b.pages.example", "yes"],
    ["Bücher.pages.example", "yes"],
    ["pages.example", "host-not-allowed"],
    ["other.example", "host-not-allowed"],
    ["xown.example", "host-not-allowed"],
    ["thief.fn.test", "yes"],
    ["www.thief.fn.test", "yes"],
    ["cart.shop.fn.test", "host-not-allowed"],
    ["f.later.fn.test", "host-not-allowed"],
    ["fn.test", "host-not-allowed"],
    ["gateway.example", "host-not-allowed"],
    ["localhost", "host-not-allowed"],
    ["x.localhost.", "host-not-allowed"],
    ["127.0.0.1", "host-not-allowed"],
    ["2130706433", "host-not-allowed"],
    ["0x7f.1", "host-not-allowed"],
    ["127.1.", "host-not-allowed"],
    ["１２７.0.0.1", "host-not-allowed"],
    ["[::1]", "host-not-allowed"],
    ["::1", "host-not-allowed"],
    ["*", "host-not-allowed"],
    ["*.own.example", "host-not-allowed"],
    ["own.example/path", "host-not-allowed"],
    ["u@own.example", "host-not-allowed"],
    ["own.example#", "host-not-allowed"],
    ["own%2eexample", "host-not-allowed"],
    ["", "host-not-allowed"],
    [" own.example", "host-not-allowed"],
    [`${"a.".repeat(130)}own.example`, "host-not-allowed"],
  ];
  for (const [host, expected] of cases) {
    const routes = table();
    const manifest = { ...manifestSchema.parse({ name: "thief", functions: { f: { entry: "f" } } }), hosts: { [host]: "f" } };
    const got = outcomeOf(() => routes.checkHosts(mainTenant, manifest));
    assert.equal(got, expected, host);
    // An app served since before: it loses that host, and the loss is reported.
    assert.deepEqual(
      routes.setApp({ app: `id of ${manifest.name}`, tenant: mainTenant, manifest }).map(({ code }) => code),
      expected === "yes" ? [] : [expected],
    );
    assert.ok(!(routes.lookup("h", "/thief/f") instanceof MayflyError));
    const cart = routes.lookup("cart.shop.fn.test", "/");
    assert.ok(!(cart instanceof MayflyError) && cart.appName === "shop");
  }
});

test("a host of a function that the app does not have is refused", () => {
  for (const name of ["nosuch", "constructor"]) {
    const given = { name: "shop", functions: { f: { entry: "f" } }, hosts: { "www.shop.example": name } };
    const { error } = manifestSchema.safeParse(given);
    assert.deepEqual(
      error?.issues.map(({ path, message }) => `${path.join(" ")} ${message}`),
      ["hosts www.shop.example must be the name of a function"],
    );
  }
});

test("a host stays with the app that had it first", () => {
  const routes = table();
  const functions = { f: { entry: "f" } };
  const thief = manifestSchema.parse({ name: "thief", functions, hosts: { "www.shop.example": "f", "own.example": "f" } });
  assert.deepEqual(
    routes.setApp({ app: "id of thief", tenant: mainTenant, manifest: thief }).map(({ code }) => code),
    ["host-taken"],
  );
  const own = routes.lookup("OWN.example.:80", "/");
  assert.ok(!(own instanceof MayflyError) && own.appName === "thief");
  const route = routes.lookup("www.shop.example", "/");
  assert.ok(!(route instanceof MayflyError) && route.appName === "shop");
});

function outcomeOf(work: () => void): string {
  try {
    work();
    return "yes";
  } catch (error) {
    return (error as MayflyError).code;
  }
}

const allowed = ["www.shop.example=*", "own.example=thief", "*.pages.example=*"];

function table(): RouteTable {
  const routes = new RouteTable({ domain: "fn.test", listenHosts: ["gateway.example"], allowed });
  const hosts = { "www.shop.example": "pay" };
  routes.setApp(served({ name: "shop", functions: { cart: { entry: "c" }, pay: { entry: "p" } }, hosts }));
  routes.setApp(served({ name: "blog", functions: { blog: { entry: "b" } } }));
  return routes;
}

function served(manifest: { name: string; [key: string]: unknown }) {
  return { app: `id of ${manifest.name}`, tenant: mainTenant, manifest: manifestSchema.parse(manifest) };
}

test("an app is loaded once, at its first call, by path or by a host in any case", () => {
  const asked: [string, boolean][] = [];
  const routes: RouteTable = new RouteTable({
    domain: "fn.test",
    load(_tenant, name, asHost) {
      asked.push([name, asHost]);
      if (name.toLowerCase() !== "shop" || asked.filter(([one]) => one.toLowerCase() === "shop").length > 1) return false;
      routes.setApp(served({ name: "Shop", functions: { Cart: { entry: "c" }, pay: { entry: "p" } } }));
      return true;
    },
  });
  const found = (host: string, path: string) => {
    const route = routes.lookup(host, path);
    return route instanceof MayflyError ? route.code : `${route.appName}/${route.function}`;
  };
  assert.equal(found("h", "/none/cart"), "no-such-route");
  assert.equal(found("h", "/Shop/Cart/x"), "Shop/Cart");
  assert.equal(found("h", "/Shop/pay"), "Shop/pay");
  assert.equal(found("h", "/shop/pay"), "no-such-route", "capitals count in paths");
  assert.equal(found("cart.shop.fn.test", "/"), "Shop/Cart");
  assert.deepEqual(asked, [
    ["none", false],
    ["Shop", false],
    ["shop", false],
  ]);
});

test("an app's routes come before its functions' names, below its path and on hosts for all of them, and functions stay where they were", () => {
  const routes = new RouteTable({ domain: "fn.test", allowed });
  const functions = { users: { entry: "u", timeoutMs: 7 }, page: { entry: "p" } };
  const hosts = { "www.shop.example": "$routes", "a.pages.example": "page" };
  routes.setApp(served({ name: "api", functions, routes: { "GET /users/{id}": "page", "POST /{all+}": "users" }, hosts }));
  routes.setApp(served({ name: "one", functions: { only: { entry: "o" } }, routes: { "GET /x": "only" } }));
  const found = (host: string, path: string, method?: string) => {
    const route = routes.lookup(host, path, method);
    if (route instanceof MayflyError) return route.code;
    const { key = "none", parameters = "" } = route.byPath ?? {};
    return `${route.function} by ${key} ${parameters} sees ${pathWithin(route, path)}`;
  };
  const cases: [host: string, path: string, method: string, expected: string][] = [
    ["h", "/api/users/7?x=/y", "GET", "page by GET /users/{id} id=7 sees /users/7?x=/y"],
    ["h", "/api/users/7", "DELETE", "users by none  sees /7"],
    ["h", "/api/users", "POST", "users by POST /{all+} all=users sees /users"],
    ["h", "/api/other", "GET", "no-such-route"],
    ["h", "/api", "GET", "no-such-route"],
    ["h", "/api/page", "GET", "page by none  sees /"],
    ["www.shop.example", "/users/7", "GET", "page by GET /users/{id} id=7 sees /users/7"],
    ["www.shop.example", "/api/users/7", "GET", "no-such-route"],
    ["api.fn.test", "/a/b", "POST", "users by POST /{all+} all=a/b sees /a/b"],
    ["page.api.fn.test", "/users/7", "GET", "page by none  sees /users/7"],
    ["a.pages.example", "/users/7", "GET", "page by none  sees /users/7"],
    ["h", "/one/x", "GET", "only by GET /x  sees /x"],
    ["h", "/one/y", "GET", "only by none  sees /y"],
    ["one.fn.test", "/x", "GET", "only by GET /x  sees /x"],
  ];
  for (const [host, path, method, expected] of cases) assert.equal(found(host, path, method), expected, `${method} ${host}${path}`);
  routes.removeApp("id of api");
  assert.equal(found("www.shop.example", "/users/7"), "no-such-route");
  assert.equal(found("h", "/api/users/7"), "no-such-route");
});

test("a host below the domain loads its app, and takes precedence over the path", () => {
  const asked: [string, boolean][] = [];
  const routes: RouteTable = new RouteTable({
    domain: "fn.test",
    load(_tenant, name, asHost) {
      asked.push([name, asHost]);
      if (asked.length === 1) routes.setApp(served({ name: "Shop", functions: { pay: { entry: "p" } } }));
      return asked.length === 1;
    },
  });
  const route = routes.lookup("PAY.shop.FN.test:8080", "/other/f");
  assert.ok(!(route instanceof MayflyError));
  assert.deepEqual([route.app, route.function], ["id of Shop", "pay"]);
  assert.deepEqual(asked, [["shop", true]]);
});
