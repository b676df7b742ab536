/**
 * The dashboard in a real browser, over one server. The screenshots of docs/dashboard.md are made by `MAYFLY_SCREENSHOTS=docs/dashboard ./mayfly test test/dashboard`.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import type { Browser, Page } from "playwright-core";
import { afterwards } from "../src/base/testing/afterwards.ts";
import { createClient } from "../src/doors/admin/client.ts";
import { barriersIn, type Look, openBrowser, openPage } from "./browser.ts";
import { createScope, eventually, type Platform, type Scope, startPlatform } from "./platform.ts";

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

/** A page of somebody who has logged in. */
async function loggedIn(context: Scope, look?: Look, token = platform.running.token, expected?: RegExp): Promise<Page> {
  const page = await openPage(context, browser, look, expected);
  await page.goto(url);
  await page.getByLabel("Token", { exact: true }).last().fill(token);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("navigation", { name: "Pages" }).waitFor();
  return page;
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
    await page.getByLabel("Token", { exact: true }).last().fill("wrong");
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
    const { id, token } = await tokenOf("reader", "main");
    const page = await loggedIn(context, {}, token, /401 \(Unauthorized\)/);
    await page.getByText("Live").waitFor();
    await platform.client.revokeToken(id);
    await page.getByRole("button", { name: "Log in" }).waitFor({ timeout: 60_000 });
  });
});

describe("the overview", () => {
  test("shows calls as they come, and machines, in the reader's tenant alone", async (context) => {
    await platform.client.createTenant("acme");
    const [own, theirs] = [await tokenOf("reader", "main"), await tokenOf("reader", "acme")];
    const [mine, others] = [await loggedIn(context, {}, own.token), await loggedIn(context, {}, theirs.token)];
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
    assert.match(await page.getByRole("region", { name: "Spend this month" }).innerText(), /USD/);
    await page.getByLabel("Tenant").selectOption("main");
    await page.locator(".plot canvas").nth(4).waitFor();
    assert.doesNotMatch(await page.getByRole("region", { name: "Spend this month" }).innerText(), /Loading/);
  });

  test("says to an invoker that there is nothing for one", async (context) => {
    const { token } = await tokenOf("invoker", "main");
    const page = await loggedIn(context, {}, token, /403 \(Forbidden\)/);
    assert.match(await page.locator("main").innerText(), /An invoker may call functions, and nothing else/);
  });
});

describe("every page", () => {
  const looks = [320, 768, 1_280].flatMap((width) => (["light", "dark"] as const).map((theme) => ({ width, theme })));
  for (const look of looks)
    test(`fits a screen of ${look.width} pixels in ${look.theme} colours, and keeps nobody out`, async (context) => {
      const page = await loggedIn(context, look);
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
