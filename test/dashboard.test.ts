/**
 * The dashboard in a real browser, over one server. `MAYFLY_SCREENSHOTS=<folder> ./mayfly test test/dashboard` keeps what pages look like.
 * The file is long because all tests share one server and one browser.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import type { Browser, Page } from "playwright-core";
import { afterwards } from "../src/base/testing/afterwards.ts";
import { createClient } from "../src/doors/admin/client.ts";
import { bundle, machine, manifest, serveApi, token } from "../src/doors/admin/testing/serve-api.ts";
import { LogLevel } from "../src/wire/protocol.ts";
import { bundleApp } from "../src/bundle/bundle-app.ts";
import { barriersIn, type Look, openBrowser, openDashboard, openPage } from "./browser.ts";
import { copyApp, createScope, eventually, type Platform, type Scope, startPlatform } from "./platform.ts";

const scope = createScope();
let platform: Platform;
let browser: Browser;
let url: string;

before(async () => {
  [platform, browser] = await Promise.all([startPlatform(scope, { driver: "process" }), openBrowser(scope)]);
  url = platform.running.apiUrl;
  await platform.deploy("examples/hello");
});
after(() => scope.close());

interface LoggedIn {
  look?: Look;
  /** The default is the operator's, and the server of all tests. */
  token?: string;
  url?: string;
  /** Lines of the console that are expected. */
  expected?: RegExp;
}

/** A page of somebody who has logged in. */
async function loggedIn(context: Scope, { look, expected, ...who }: LoggedIn = {}): Promise<Page> {
  const { url: at = url, token: own = platform.running.token } = who;
  return openDashboard(context, browser, { url: at, token: own, ...(look && { look }), ...(expected && { expected }) });
}

const tokenOf = async (role: "reader" | "invoker", tenant: string) => {
  const client = createClient({ url, token: platform.running.token, tenant });
  return client.createToken({ principal: `${role}-${tenant}-${Math.random().toString(36).slice(2)}`, role });
};

const textOf = (page: Page, tile: string) =>
  page
    .locator(".tile")
    .filter({ has: page.getByText(tile, { exact: true }) })
    .locator("dd")
    .innerText();

describe("files", () => {
  test("the page, its script and its style are small, the server's own, and may load and run nothing else", async () => {
    const response = await fetch(`${url}/`);
    const html = await response.text();
    const policy = response.headers.get("content-security-policy") ?? "";
    assert.match(policy, /default-src 'none'; script-src 'self'; style-src 'self'/);
    assert.match(policy, /frame-ancestors 'none'; require-trusted-types-for 'script'/);
    assert.ok(!policy.includes("unsafe"), policy);
    assert.equal(response.headers.get("x-content-type-options"), "nosniff");
    const files = [...html.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path]) => path!);
    assert.equal(files.length, 2);
    let bytes = gzipSync(html).byteLength;
    for (const file of files) {
      const plain = await fetch(url + file, { headers: { "accept-encoding": "identity" } });
      assert.match(plain.headers.get("cache-control")!, /immutable/);
      bytes += gzipSync(await plain.bytes()).byteLength;
      assert.equal((await fetch(url + file, { headers: { "if-none-match": plain.headers.get("etag")! } })).status, 304);
    }
    assert.ok(bytes <= 150_000, `${bytes} bytes`);
    assert.equal((await fetch(`${url}/dashboard/none.js`)).status, 401);
  });
});

describe("logging in", () => {
  test("a wrong token is refused in words, and the right one opens the dashboard until somebody logs out", async (context) => {
    const page = await openPage(context, browser, {}, /401 \(Unauthorized\)/);
    await page.goto(url);
    // The field has the focus.
    await page.locator("input[name=token]:focus").waitFor();
    await page.keyboard.type("wrong");
    await page.keyboard.press("Enter");
    assert.match(await page.getByRole("alert").innerText(), /Nobody has this token/);
    assert.deepEqual(await barriersIn(page), []);
    await page.getByLabel("Token", { exact: true }).last().fill(platform.running.token);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    assert.equal(await page.evaluate("document.cookie"), "");
    await page.reload();
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    await page.getByRole("button", { name: "Log out" }).click();
    await page.getByRole("button", { name: "Log in" }).waitFor();
    await page.reload();
    await page.getByRole("button", { name: "Log in" }).waitFor();
  });

  test("whose token is revoked is asked to log in again", async (context) => {
    const { id, token: own } = await tokenOf("reader", "main");
    const page = await loggedIn(context, { token: own, expected: /401 \(Unauthorized\)/ });
    await page.getByText("Live").waitFor();
    await platform.client.revokeToken(id);
    await page.getByRole("button", { name: "Log in" }).waitFor({ timeout: 60_000 });
  });
});

describe("a page that a function answers with, under the dashboard's host name", () => {
  test("changes nothing by any route, reads nothing, and ends no session, whatever cookies it sets", async (context) => {
    const { port } = new URL(url);
    const name = `mayfly-session-${port}`;
    // The first is dropped by the gateway. Browsers send the others before the dashboard's own, which has a shorter path.
    const cookies = [`${name}=x; Path=/v1`, `a${name}=x; Path=/v1`, `${name}x=; Path=/v1/live`];
    const code = `export default { fetch: () => new Response("<!doctype html><title>evil</title><body>", { headers: [["content-type", "text/html"], ...${JSON.stringify(cookies)}.map((each) => ["set-cookie", each])] }) };`;
    const { manifest: evil, bundles } = await bundleApp(copyApp(scope, "examples/hello", { "hello.ts": code }));
    await platform.client.deploy({ ...evil, name: "evil" }, bundles);
    const page = await loggedIn(context, { expected: /./ });
    await page.getByText("Live").waitFor();
    const { paths } = (await (await fetch(`${url}/openapi.json`)).json()) as {
      paths: Record<string, Record<string, { operationId: string }>>;
    };
    const values: Record<string, string> = { app: "hello", function: "hello", alias: "live", name: "KEY", tenant: "main" };
    const all = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { operationId }]) => ({ method: method.toUpperCase(), path, operationId })),
    );
    const routes = all.map(({ method, path }) => [method, path.replace(/\{(\w+)\}/g, (_all, part: string) => values[part] ?? "x")]);
    const changing = new Set(all.filter(({ method }) => method !== "GET").map(({ operationId }) => operationId));
    assert.ok(changing.size > 50);
    const changes = async () =>
      (await platform.client.audit({ tail: 10_000 })).filter(({ principal, action }) => principal !== null && changing.has(action)).length;
    const hostile = await page.context().newPage();
    await hostile.goto(`${platform.running.gatewayUrl}/evil/hello`);
    await hostile.evaluate(`document.cookie = "${name}=y; path=/v1/live"; document.cookie = "${name}=z; path=/"`);
    const before = await changes();
    const [got, seen] = await hostile.evaluate<[string[], string[]]>(`(async () => {
      const [api, routes, body, got] = [${JSON.stringify(url)}, ${JSON.stringify(routes)}, '{"name":"evil","value":"x"}', []];
      const sent = (path, init) => fetch(api + path, { credentials: "include", ...init }).then(({ type, status }) => got.push(type + status), () => {});
      await Promise.all(routes.map(async ([method, path]) => {
        const text = method === "GET" ? {} : { body };
        await sent(path, { method, ...text, headers: { "content-type": "application/json", "mayfly-csrf": "x" } });
        await sent(path, { method: method === "GET" ? "GET" : "POST", mode: "no-cors", ...text });
        navigator.sendBeacon(api + path, new Blob([body], { type: "text/plain" }));
        const form = Object.assign(document.createElement("form"), { method: "POST", enctype: "text/plain", action: api + path + "?_method=" + method, target: "sink" });
        form.append(Object.assign(document.createElement("input"), { name: body }));
        document.body.append(form);
        form.submit();
      }));
      const framed = Object.assign(document.createElement("iframe"), { src: api + "/" });
      await new Promise((resolve) => (framed.onload = resolve, document.body.append(framed)));
      const events = new EventSource(api + "/v1/live", { withCredentials: true });
      const stream = await new Promise((resolve) => (events.onopen = () => resolve("open"), events.onerror = () => resolve("refused")));
      events.close();
      const opened = window.open(api + "/");
      // The dashboard's page lets go of who has opened it.
      while (!opened.closed) await new Promise((resolve) => setTimeout(resolve, 20));
      const looked = [framed.contentWindow, opened].map((other) => { try { return other === null ? "none" : other.localStorage.length; } catch (error) { return error.name; } });
      return [[...new Set(got)], [stream, ...looked]];
    })()`);
    // What is opaque is not seen by the page.
    assert.deepEqual(got, ["opaque0"]);
    assert.deepEqual(seen, ["refused", "SecurityError", "SecurityError"]);
    await page.reload();
    await page.getByText("Live").waitFor();
    assert.equal(await changes(), before);
    const names = (await page.context().cookies()).map((cookie) => `${cookie.name}${cookie.path}`);
    assert.ok(names.includes(`${name}/v1/live`) && names.includes(`${name}/v1`), names.join(" "));
  });
});

describe("the overview", () => {
  test("shows calls as they come, and machines, in the reader's tenant alone", async (context) => {
    await platform.client.createTenant("acme");
    const [own, theirs] = [await tokenOf("reader", "main"), await tokenOf("reader", "acme")];
    const [mine, others] = [await loggedIn(context, own), await loggedIn(context, theirs)];
    for (const page of [mine, others]) await page.getByText("Live").waitFor();
    const over = new AbortController();
    const call = async () => {
      while (!over.signal.aborted) await (await platform.call("/hello/hello")).text();
    };
    const calling = call();
    afterwards(context, () => {
      over.abort();
      return calling;
    });
    await eventually(
      "calls in their tile",
      () => textOf(mine, "Calls per second"),
      (text) => Number.parseFloat(text) > 1,
    );
    assert.match(await textOf(mine, "Median time"), /\d ms/);
    assert.match(await textOf(mine, "Machines"), /^[1-9]/);
    assert.match(await textOf(others, "Calls per second"), /^0/);
    assert.match(await textOf(others, "Machines"), /^0/);
  });

  test("has plots of the hour, the day and the month, and the spend of the month", async (context) => {
    const page = await loggedIn(context);
    for (const span of ["Day", "Month", "Hour"]) {
      await page.getByRole("radio", { name: span }).check();
      await page.locator(".plot canvas").nth(4).waitFor();
    }
    assert.match(await page.getByRole("region", { name: "Spend this month" }).innerText(), /USD[^]*Platform is what no app pays for/);
    await page.getByLabel("Tenant").selectOption("main");
    await page.locator(".plot canvas").nth(4).waitFor();
    assert.doesNotMatch(await page.getByRole("region", { name: "Spend this month" }).innerText(), /Loading/);
  });

  test("says to an invoker that there is nothing for one", async (context) => {
    const { token: own } = await tokenOf("invoker", "main");
    const page = await loggedIn(context, { token: own, expected: /403 \(Forbidden\)/ });
    assert.match(await page.locator("main").innerText(), /An invoker may call functions, and nothing else/);
  });
});

describe("the fleet", () => {
  test("has a cell for each machine, which fills with its calls, and says why it was started and killed", async (context) => {
    await platform.deploy("examples/wait");
    const page = await loggedIn(context);
    await page.getByRole("link", { name: "Fleet" }).click();
    const waits = page.getByRole("region", { name: "wait" });
    const over = new AbortController();
    const call = async () => {
      while (!over.signal.aborted) await (await platform.call("/wait/wait")).text();
    };
    const calls = Promise.all(Array.from({ length: 20 }, call));
    afterwards(context, async () => {
      over.abort();
      await calls;
    });
    const cell = waits.locator('.cell[data-phase="bound"]').first();
    await cell.waitFor();
    await eventually(
      "the slots in the cell",
      async () => (await cell.getAttribute("aria-label")) ?? "",
      (label) => /, bound, [1-9]\d* of \d+ slots taken/.test(label),
    );
    await cell.click();
    const detail = page.getByRole("complementary");
    await detail.getByText("Ready", { exact: true }).waitFor();
    const text = await detail.innerText();
    assert.match(text, /Started[^]*Bound[^]*calls? waits?/);
    assert.match(text, /node, 256 MB, 1 vCPU, linux/);
    over.abort();
    await calls;
    await platform.client.removeApp("wait");
    await detail.getByText("the app was removed").waitFor();
    await waits.waitFor({ state: "detached" });
    await detail.getByText("This machine is gone.").waitFor();
  });

  test("is told of five hundred machines, draws again only those that have changed, and all of it by keys", async (context) => {
    const machines = Array.from({ length: 500 }, (_, at) => machineOf(at));
    const served = await serveApi({ shown: () => machines });
    const page = await loggedIn(context, { url: served.server.url, token });
    await page.getByRole("link", { name: "Fleet" }).click();
    await eventually(
      "cells",
      () => page.locator(".cell").count(),
      (count) => count === 500,
    );
    await page.evaluate(`
      globalThis.changes = 0;
      globalThis.slow = [];
      new MutationObserver((some) => (changes += some.filter(({ target }) => target.closest(".cells")).length)).observe(document.querySelector(".groups"), {
        subtree: true, attributes: true, childList: true,
      });
      new PerformanceObserver((list) => slow.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: "longtask" });
    `);
    for (let round = 1; round <= 5; round++) {
      for (const at of [3, 200, 499]) machines[at] = { ...machines[at]!, slots: { used: 20 * round, total: 100 } };
      await page.locator(`.cell[aria-label="m3, bound, ${20 * round} of 100 slots taken"]`).waitFor();
    }
    const changes = await page.evaluate<number>("changes");
    assert.ok(changes > 0 && changes <= 5 * 3 * 3, `${changes} changes to the page for 15 changes of machines`);
    context.diagnostic(`tasks of more than 50 ms: ${JSON.stringify(await page.evaluate("slow.map(Math.round)"))}`);
    machines.splice(0, 100);
    await eventually(
      "cells",
      () => page.locator(".cell").count(),
      (count) => count === 400,
    );
    await page.locator(".cell").first().focus();
    await page.keyboard.press("ArrowRight");
    assert.match(await page.evaluate<string>("document.activeElement.getAttribute('aria-label')"), /^m\d+, bound/);
    assert.equal(await page.locator('.cell[tabindex="0"]').count(), 1);
    await page.getByPlaceholder("App or machine").fill("app-7");
    await eventually(
      "cells",
      () => page.locator(".cell").count(),
      (count) => count > 0 && count < 40,
    );
    await page.close();
    await served.close();
  });
});

function machineOf(at: number): ReturnType<NonNullable<NonNullable<Parameters<typeof serveApi>[0]>["shown"]>>[number] {
  return { ...machine, id: `m${at}`, app: `app-${at % 50}`, slots: { used: 0, total: 100 }, ageMs: 1_000 * (500 - at) };
}

describe("an app", () => {
  const tab = (page: Page, name: string) =>
    page
      .getByRole("navigation", { name: /^Parts of/ })
      .getByRole("link", { name, exact: true })
      .click();

  async function appPage(context: Scope, app: string, who: LoggedIn = {}): Promise<Page> {
    const page = await loggedIn(context, who);
    await page.getByRole("link", { name: "Apps" }).click();
    await page.getByPlaceholder("Search").fill(app.slice(1, -1).toUpperCase());
    await page.getByRole("link", { name: app, exact: true }).click();
    await page.getByRole("heading", { level: 1, name: app }).waitFor();
    return page;
  }

  test("is found by a part of its name; its calls are moved by weight, and rolled back", async (context) => {
    await platform.deploy("examples/hello", { name: "moving" });
    await platform.deploy("examples/hello", { name: "moving", env: { ROUND: "2" } });
    const page = await appPage(context, "moving");
    await page.getByText("Nobody has called the app lately.").or(page.getByText("The revision has")).first().waitFor();
    const gateway = platform.running.gatewayUrl;
    await page.getByRole("link", { name: `${gateway}/moving/hello`, exact: true }).waitFor();
    assert.equal(await page.getByRole("link", { name: /other rules/ }).getAttribute("href"), "#/simulator?app=moving");
    await tab(page, "Traffic");
    await page.getByRole("slider", { name: "Revision 1" }).fill("25");
    await page.getByRole("button", { name: "Send calls there" }).click();
    await page.getByText("2 80 %, 1 20 %").waitFor();
    // The weights are 25 and 100 now, and the sliders stand at shares of calls.
    const slider = (revision: number) => page.getByRole("slider", { name: `Revision ${revision}` }).inputValue();
    await eventually(
      "the sliders at shares",
      async () => [await slider(2), await slider(1)].join(),
      (at) => at === "80,20",
    );
    const [live] = await platform.client.aliases("moving");
    assert.deepEqual(live?.targets.map(({ number, weight }) => [number, weight]).toSorted(), [
      [1, 25],
      [2, 100],
    ]);
    await page.getByRole("button", { name: "Roll back" }).click();
    await page.getByRole("button", { name: "Roll back?" }).click();
    await page.getByText("Calls go where they went before.").waitFor();
    assert.equal((await platform.client.aliases("moving"))[0]?.targets.length, 1);
    await tab(page, "Cost, limits, secrets");
    await page.getByText("At wall-clock prices").waitFor();
  });

  test("is called with an event, its triggers are fired, and its durable executions are shown in the order of time", async (context) => {
    await platform.deploy("examples/nightly-report");
    await platform.deploy("examples/approval");
    const page = await appPage(context, "approval");
    await tab(page, "Call");
    await page.getByRole("radio", { name: "Event" }).check();
    await page.getByLabel("Event, as JSON").fill("{");
    await page.getByRole("button", { name: "Call" }).click();
    await page.getByText("The event is not JSON.").waitFor();
    await page.getByLabel("Event, as JSON").fill('{"id":"o-1","item":"desk","price":9}');
    await page.getByRole("button", { name: "Call" }).click();
    await page.getByText("succeeded", { exact: true }).waitFor();
    await tab(page, "Runs");
    await page
      .getByRole("button")
      .filter({ hasText: /^[\da-f-]{36}$/ })
      .first()
      .click();
    await page.getByText(/"state":"shipped"/).waitFor();
    const did = page.getByRole("list", { name: "What it did, in the order of time" }).getByRole("listitem");
    assert.deepEqual(
      (await did.allInnerTexts()).map((text) => text.split(/\s/, 1)[0]),
      ["reserve", "charge", "ship"],
    );
    await page.goto(`${url}/#/apps/nightly-report?tab=events`);
    await page.getByRole("button", { name: "Fire nightly" }).click();
    await page.getByText("Fired.").waitFor();
    await page
      .getByRole("region", { name: "Events", exact: true })
      .first()
      .getByRole("table")
      .getByText("report", { exact: true })
      .waitFor();
  });

  test("shows to a reader what it may see, and offers nothing that would be refused", async (context) => {
    const page = await appPage(context, "hello", await tokenOf("reader", "main"));
    await tab(page, "Traffic");
    await page.getByText("Your role, reader, may not move calls.").waitFor();
    await tab(page, "Call");
    await page.getByText("Your role, reader, may not call functions.").waitFor();
  });

  test("shows lines of its log as they come, whatever is in them, and finds those of an invocation", async (context) => {
    const served = await serveApi();
    await served.client.deploy(manifest(), [bundle("main", "cjs", "1")]);
    const app = served.id("shop");
    const hostile = [
      '<img src=x onerror="globalThis.taken = 1">',
      "<script>globalThis.taken = 1</script>",
      "\u001b[31mred\u001b[0m \u202Eesrever \u0000 {{7*7}} ${taken = 1} javascript:taken=1",
      '"><svg onload=taken=1>',
    ];
    const say = (text: string, invocation: string) =>
      served.logs.append({ at: Date.now(), app, level: LogLevel.Error, text, function: hostile[0]!, invocation, machine: hostile[3]! });
    for (const text of hostile) say(text, "inv-1");
    const page = await appPage(context, "shop", { url: served.server.url, token });
    await tab(page, "Logs");
    const lines = page.getByRole("log").locator(".log-text");
    await eventually(
      "lines",
      () => lines.count(),
      (count) => count === 4,
    );
    assert.deepEqual(await lines.allTextContents(), hostile);
    say("one more", "inv-2");
    await page.getByText("one more").waitFor();
    // Marks that are put on one letter take long to be drawn.
    say(`long ${"\u0301".repeat(30_000)}`, "inv-2");
    await page.getByText(/^long/).waitFor();
    assert.ok((await lines.last().innerText()).length < 2_100);
    await lines.last().getByRole("button", { name: "all" }).click();
    assert.equal((await lines.last().innerText()).length, 30_005);
    // Before there are thousands of lines, which take axe as many seconds as tens of them take milliseconds.
    assert.deepEqual(await barriersIn(page), []);
    for (let line = 0; line < 3_000; line++) say(`line ${line}`, "inv-3");
    await page.getByText("line 2999", { exact: true }).waitFor();
    assert.ok((await lines.count()) <= 2_000);
    // By its class: to look for a role among two thousand lines takes half a minute.
    const link = page.locator(".log-line a").last();
    assert.deepEqual([await link.innerText(), await link.getAttribute("href")], ["inv-3", "#/apps/shop/calls/inv-3"]);
    await page.getByPlaceholder(/^Text, function/).fill("inv-3");
    await eventually(
      "lines of one invocation",
      () => page.getByText("one more").count(),
      (count) => count === 0,
    );
    await page.goto(`${served.server.url}/#/apps/shop?tab=logs&search=${encodeURIComponent(hostile[0]!)}`);
    await eventually(
      "the search of the address",
      () => page.getByPlaceholder(/^Text, function/).inputValue(),
      (text) => text === hostile[0],
    );
    assert.equal(await page.evaluate("String(globalThis.taken)"), "undefined");
    await page.close();
    await served.close();
  });

  test("follows its log again after the connection has ended, and what is not today has its date", async (context) => {
    const served = await serveApi();
    afterwards(context, () => served.close());
    await served.client.deploy(manifest(), [bundle("main", "cjs", "1")]);
    const app = served.id("shop");
    served.logs.append({ at: Date.UTC(2026, 0, 31, 12), app, level: LogLevel.Info, text: "long ago" });
    const page = await appPage(context, "shop", { url: served.server.url, token });
    let connections = 0;
    await page.route("**/logs/follow*", (route) => (connections++ === 0 ? route.fulfill({ body: "" }) : route.continue()));
    await tab(page, "Logs");
    await page.getByText("long ago").waitFor();
    assert.match(await page.getByRole("log").innerText(), /2026-01-31 \d\d:00:00/);
    assert.ok(connections >= 2);
    await page.close();
  });
});

describe("every page", () => {
  const looks = [320, 768, 1_280].flatMap((width) => (["light", "dark"] as const).map((theme) => ({ width, theme })));
  for (const look of looks)
    test(`fits a screen of ${look.width} pixels in ${look.theme} colours, and keeps nobody out`, async (context) => {
      const page = await loggedIn(context, { look });
      const links = await page.getByRole("navigation", { name: "Pages" }).getByRole("link").all();
      assert.ok(links.length > 0);
      for (const link of links) {
        const name = await link.innerText();
        await link.click();
        await page.getByRole("heading", { level: 1, name }).waitFor();
        await page.locator(".skeleton").first().waitFor({ state: "detached" });
        assert.deepEqual(await barriersIn(page), [], name);
        assert.ok(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), `${name} is wider than the screen`);
        await takeShot(page, `${name}-${look.width}-${look.theme}`);
      }
    });

  test("the parts of an app fit the narrowest screen, and keep nobody out", async (context) => {
    const page = await loggedIn(context, { look: { width: 320, theme: "dark" } });
    for (const part of ["", "traffic", "events", "queues", "data", "runs", "calls", "logs", "cost", "call"]) {
      await page.goto(`${url}/#/apps/hello?tab=${part}`);
      await page.locator('.tabs [aria-current="page"]').waitFor();
      await page.locator(".main .card, .main .note-box").first().waitFor();
      await page.locator(".skeleton").first().waitFor({ state: "detached" });
      assert.deepEqual(await barriersIn(page), [], part);
      assert.ok(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), `${part} is wider than the screen`);
    }
  });

  test("can be used by keys alone, and changes its colours", async (context) => {
    const page = await loggedIn(context);
    await page.keyboard.press("Tab");
    assert.equal(await focused(page), "Skip to the page");
    await page.keyboard.press("Enter");
    assert.equal(await page.evaluate("document.activeElement.id"), "main");
    await page.getByRole("button", { name: "Dark colours" }).press("Enter");
    assert.equal(await page.evaluate("document.documentElement.dataset.theme"), "dark");
    await page.reload();
    await page.getByRole("button", { name: "Light colours" }).waitFor();
  });

  test("there is a page at each address, or a way back", async (context) => {
    const page = await loggedIn(context);
    await page.goto(`${url}/#/none/<img src=x onerror=alert(1)>`);
    await page.getByText("There is no page at this address.").waitFor();
    await page.locator("main").getByRole("link", { name: "Overview" }).click();
    await page.getByRole("heading", { name: "Overview" }).waitFor();
  });
});

const focused = (page: Page) => page.evaluate<string>("document.activeElement.textContent.trim()");

async function takeShot(page: Page, name: string): Promise<void> {
  const folder = process.env["MAYFLY_SCREENSHOTS"];
  if (folder === undefined) return;
  await page.screenshot({ path: `${folder}/${name.toLowerCase()}.png`, fullPage: true });
}
