/** The dashboard's pages for operators and admins, and its simulator, in a real browser. `MAYFLY_SCREENSHOTS=<folder>` keeps what they look like. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { createClient } from "../src/doors/admin/client.ts";
import { barriersIn, openBrowser, openDashboard } from "./browser.ts";
import { mayfly } from "./command.ts";
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

/** @param expected lines of the console that are expected */
const opened = (context: Scope, at: string, { token = platform.running.token, expected }: { token?: string; expected?: RegExp } = {}) =>
  openDashboard(context, browser, { url, token, at, ...(expected && { expected }) });

const tab = (page: Page, name: string) =>
  page
    .getByRole("navigation", { name: /^Parts of/ })
    .getByRole("link", { name })
    .click();

const hostile = `<img src=x onerror=taken=1>`;

describe("the operator's page", () => {
  test("makes a tenant, sets its limits and removes it, when its name was typed", async (context) => {
    const page = await opened(context, "/operator?tab=tenants", { expected: /400 \(/ });
    await page.getByLabel("Name").fill("Not a name");
    await page.getByRole("button", { name: "Make the tenant" }).click();
    await page.getByText(/must be 1 to 40 of a-z/).waitFor();
    await page.getByLabel("Name").fill("blue");
    await page.getByRole("button", { name: "Make the tenant" }).click();
    await page.getByText("The tenant blue was made.").waitFor();
    await page.getByRole("button", { name: "Change blue" }).click();
    await page.getByLabel("machines at a time").fill("7");
    await page.getByLabel("spend in a month").fill("12.5");
    await page.getByRole("button", { name: "Set the limits" }).click();
    await page.getByText("The limits hold from now on.").waitFor();
    const { limits } = await platform.client.tenant("blue");
    assert.deepEqual([limits.machines, limits.spend, limits.vcpus], [7, 12.5, null]);
    await page.getByRole("region", { name: "List of tenants" }).getByText("7 machines at a time").waitFor();
    await page.getByLabel("machines at a time").fill("many");
    await page.getByRole("button", { name: "Set the limits" }).click();
    await page.getByText("machines at a time must be a number, or empty.").waitFor();
    await page.getByLabel("machines at a time").fill("");
    await page.getByRole("button", { name: "Set the limits" }).click();
    await eventually(
      "the lifted limit",
      async () => (await platform.client.tenant("blue")).limits.machines,
      (most) => most === null,
    );
    const remove = page.getByRole("button", { name: "Remove the tenant" });
    assert.ok(await remove.isDisabled());
    await page.getByLabel(/^Removing blue/).fill("blue");
    await remove.click();
    await page.getByRole("button", { name: "Remove blue for good?" }).click();
    await page.getByRole("button", { name: "Change blue" }).waitFor({ state: "detached" });
    await assert.rejects(platform.client.tenant("blue"), { code: "no-such-tenant" });
  });

  test("makes a token and a key pair, shows each secret once, and revokes them", async (context) => {
    const page = await opened(context, "/operator?tab=credentials");
    await page.getByLabel("Principal").fill("grace");
    await page.getByLabel("Role").selectOption("deployer");
    await page.getByLabel("Apps that it is bounded to").fill("hello, other");
    await page.getByRole("button", { name: "Make the token" }).click();
    const token = await page.locator('[data-secret="Token"]').innerText();
    const principal = await createClient({ url, token }).principal();
    assert.deepEqual([principal.principal, principal.role, principal.apps], ["grace", "deployer", ["hello", "other"]]);
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.getByRole("button", { name: "Copy the token" }).click();
    await page.getByText("Copied.").waitFor();
    assert.equal(await page.evaluate("navigator.clipboard.readText()"), token);
    await page.getByRole("button", { name: "I have it" }).click();
    await page.getByRole("region", { name: "List of tokens" }).getByText("deployer of hello, other").waitFor();
    assert.ok(!(await page.content()).includes(token));
    await page.getByRole("button", { name: "Revoke that of grace" }).click();
    await page.getByRole("button", { name: "Revoke?" }).click();
    await page.getByRole("button", { name: "Revoke that of grace" }).waitFor({ state: "detached" });
    await assert.rejects(createClient({ url, token }).principal(), { code: "unauthorized" });
    await page.getByRole("radio", { name: "Key pair" }).check();
    await page.getByLabel("Principal").fill("robot");
    await page.getByLabel("Role").selectOption("invoker");
    await page.getByRole("button", { name: "Make the key pair" }).click();
    assert.ok((await page.locator('[data-secret="Secret access key"]').innerText()).length >= 40);
    const [key] = await platform.client.keys();
    assert.deepEqual([key?.principal, key?.id], ["robot", await page.locator('[data-secret="Access key id"]').innerText()]);
  });

  test("searches the audit log and turns its pages, whatever is in it", async (context) => {
    await assert.rejects(platform.client.createTenant(hostile));
    for (let call = 0; call < 60; call++) await platform.client.allLimits();
    const page = await opened(context, "/operator?tab=audit");
    const lines = page.getByRole("region", { name: "Lines of the audit log" }).locator("tbody tr");
    await eventually(
      "a page of lines",
      () => lines.count(),
      (count) => count === 50,
    );
    await page.getByRole("button", { name: "Older" }).click();
    await page.getByText("Page 2").waitFor();
    await page.getByLabel("Search").fill("CREATETENANT");
    await eventually(
      "the lines of one action",
      async () => (await lines.locator("td:nth-child(3)").allInnerTexts()).join(),
      (text) => text !== "" && text.split(",").every((action) => action === "createTenant"),
    );
    await page.getByLabel("Search").fill("no such text anywhere");
    await page.getByText("No line has this text.").waitFor();
    assert.equal(await page.evaluate("String(globalThis.taken)"), "undefined");
  });

  test("says what the host is, what takes the disk, and what the doctor finds", async (context) => {
    const page = await opened(context, "/operator");
    assert.match(await page.getByRole("region", { name: "Driver" }).innerText(), /process/);
    assert.match(await page.getByRole("region", { name: "What the server may use" }).innerText(), /maxMachines/);
    await tab(page, "Images and templates");
    await page.getByRole("region", { name: "Templates", exact: true }).waitFor();
    await tab(page, "Disk");
    await page.getByRole("region", { name: "Use of the disk by part" }).getByText("Apps", { exact: true }).waitFor();
    assert.match(await page.getByRole("region", { name: "Free space" }).innerText(), /State folder[^]*free/);
    await tab(page, "Doctor");
    await page.getByRole("region", { name: "Findings" }).getByText("npm packages").waitFor();
    const before = await platform.client.doctor(false);
    await page.getByRole("button", { name: "Look again" }).click();
    await page.getByText(/^Looked: /).waitFor();
    assert.ok((await platform.client.doctor(false)).at >= before.at);
  });

  test("shows an admin the own tenant's tokens and what was done, and nothing of the server", async (context) => {
    await platform.client.createTenant("ops");
    const client = createClient({ url, token: platform.running.token, tenant: "ops" });
    const admin = await client.createToken({ principal: "adah", role: "tenant-admin" });
    const page = await opened(context, "/administration", { token: admin.token });
    await page.getByRole("region", { name: "List of tokens" }).getByText("adah", { exact: true }).waitFor();
    assert.deepEqual(await page.getByRole("navigation", { name: "Parts of Administration" }).getByRole("link").allInnerTexts(), [
      "Tokens and keys",
      "Audit log",
    ]);
    assert.equal(await page.getByRole("link", { name: "Operator" }).count(), 0);
    assert.ok(!(await page.getByLabel("Role").innerText()).includes("operator:"));
    await page.goto(`${url}/#/administration?tab=disk`);
    await page.getByRole("region", { name: "List of tokens" }).waitFor();
  });
});

describe("the simulator", () => {
  test("plays an app's own calls under other rules, in the browser, and says what it means", async (context) => {
    await Promise.all(Array.from({ length: 30 }, () => platform.call("/hello/hello").then((reply) => reply.text())));
    const demand = await platform.client.demand("hello", "hour");
    assert.ok(demand.arrivals.reduce((sum, calls) => sum + calls, 0) >= 30);
    const page = await opened(context, "/simulator");
    await page.getByText("Choose an app.").waitFor();
    await page.getByLabel("App", { exact: true }).fill("hello");
    await page.keyboard.press("Enter");
    await page.getByText(/^These are the rules as they are/).waitFor();
    const rows = page.getByRole("region", { name: "Side by side" });
    const row = async (name: string) => (await rows.getByRole("row", { name }).first().locator("td").allInnerTexts()).slice(1);
    const [measured, now, then] = await row("Calls");
    assert.deepEqual([now, then], [measured, measured]);
    await page.getByLabel("Machines of the app, at least").fill("9");
    await page.keyboard.press("Enter");
    await page.getByText(/^With these rules .* machines would have cost .* times as much/).waitFor();
    await eventually(
      "more machines",
      async () => (await row("Machines given to the app")).slice(1).map(Number),
      // How many of the nine are there at the end of a recording of seconds depends on how long starts took.
      ([now, then]) => then! > now!,
    );
    assert.equal(await page.locator(".plot canvas").count(), 3);
    await page.getByRole("button", { name: "As it is" }).click();
    await page.getByText(/^These are the rules as they are/).waitFor();
    await page.getByRole("radio", { name: "A fixed time" }).check();
    await page.getByLabel("seconds", { exact: true }).waitFor();
    await page.getByRole("radio", { name: "Week" }).check();
    await page.getByText(/^These are the rules as they are/).waitFor();
    assert.match(page.url(), /app=hello&span=week$/);
  });

  test("is there in a terminal, too: a command plays the same recording", async () => {
    const args = ["simulate", "--app", "@main/hello", "--span", "hour", "--policy", "mayfly", "--seed", "1", "--json"];
    const { code, stdout, stderr } = await mayfly([...args, "--state", platform.stateDir]);
    assert.equal(code, 0, stderr);
    const { workloads } = JSON.parse(stdout) as { workloads: { name: string; invocations: { max: number } }[] };
    assert.equal(workloads[0]?.name, "@main/hello");
    assert.ok(workloads[0].invocations.max >= 30, stdout.slice(0, 500));
  });

  test("says where there is nothing, and takes a hostile name for the name of no app", async (context) => {
    await platform.deploy("examples/hello", { name: "quiet" });
    const page = await openDashboard(context, browser, {
      url,
      token: platform.running.token,
      at: "/simulator?app=quiet",
      expected: /40[04] \(/,
    });
    await page.getByText("Nothing was recorded.").waitFor();
    await page.goto(`${url}/#/simulator?app=${encodeURIComponent(hostile)}`);
    await page.getByRole("alert").waitFor();
    assert.equal(await page.evaluate("String(globalThis.taken)"), "undefined");
  });
});

describe("each part", () => {
  const all = [375, 768, 1_280].flatMap((width) => (["light", "dark"] as const).map((theme) => ({ width, theme })));
  // Colours are the same in all widths, and widths in all colours.
  const looks = all.filter(({ width, theme }) => process.env["MAYFLY_SCREENSHOTS"] !== undefined || width === 375 || theme === "light");
  const parts = ["tenants", "credentials", "audit", "host", "disk", "doctor"].map(
    (part) => [`/operator?tab=${part}`, `operator-${part}`] as const,
  );
  for (const look of looks)
    test(`fits a screen of ${look.width} pixels in ${look.theme} colours, and keeps nobody out`, async (context) => {
      const page = await openDashboard(context, browser, { url, token: platform.running.token, look });
      for (const [at, name] of [["/operator", "operator"], ...parts, ["/simulator?app=hello", "simulator"]] as const) {
        await page.goto(`${url}/#${at}`);
        await page.locator(".main .card").first().waitFor();
        await page.locator(".skeleton, progress").first().waitFor({ state: "detached" });
        if (name === "simulator") await page.locator(".verdict").waitFor();
        if (name === "operator-disk") await page.getByText(/^Measured/).waitFor();
        // What each part has of other colours is the same in all widths.
        if (look.width === 375) assert.deepEqual(await barriersIn(page), [], name);
        assert.ok(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), `${name} is wider than the screen`);
        assert.ok(await page.evaluate(isCurrentInView), `the link of ${name} is beside the screen`);
        await takeShot(page, `${name}-${look.width}-${look.theme}`);
      }
    });
});

/** The links of the page and of its part that are shown. */
const isCurrentInView = `[...document.querySelectorAll("nav [aria-current]")].every((link) => {
  const { left, right } = link.getBoundingClientRect();
  return left >= 0 && right <= innerWidth;
})`;

async function takeShot(page: Page, name: string): Promise<void> {
  const folder = process.env["MAYFLY_SCREENSHOTS"];
  if (folder !== undefined) await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true });
}
