/** Calls that are over: the list of an app's calls and a call's own page in a real browser, the command, and what is kept by a server. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { createClient } from "../src/doors/admin/client.ts";
import { bundle, machine, manifest, serveApi, token } from "../src/doors/admin/testing/serve-api.ts";
import type { InvocationEnded } from "../src/telemetry/platform-event.ts";
import { LogLevel } from "../src/wire/protocol.ts";
import { barriersIn, type LogIn, openBrowser, openDashboard } from "./browser.ts";
import { mayfly } from "./command.ts";
import { copyOften } from "./many-apps.ts";
import { createScope, eventually, type Platform, type Scope, startPlatform } from "./platform.ts";

const scope = createScope();
let platform: Platform;
let browser: Browser;
let url: string;

before(async () => {
  [platform, browser] = await Promise.all([startPlatform(scope, { driver: "process" }), openBrowser(scope)]);
  url = platform.running.apiUrl;
  await platform.deploy("test/apps/telemetry");
});
after(() => scope.close());

const open = (context: Scope, who: Partial<LogIn> = {}): Promise<Page> =>
  openDashboard(context, browser, { url, token: platform.running.token, ...who });

const TRACE = "0af7651916cd43dd8448eb211c80319c";

/** The newest call of a function, when there is one. */
async function callOf(name: string) {
  const list = () => platform.client.invocations("seen", { function: name });
  const { invocations } = await eventually(`a call of ${name}`, list, (found) => found.invocations.length > 0);
  return invocations[0]!;
}

describe("a call", () => {
  test("has a page with where its time went, what it said, what it cost, and the machine that ran it", async (context) => {
    await (await platform.call("/seen/hello", { headers: { traceparent: `00-${TRACE}-b7ad6b7169203331-01` } })).text();
    const page = await open(context, { at: "/apps/seen?tab=calls" });
    const { invocation, machine: ran } = await callOf("hello");
    await page.getByRole("region", { name: "List of calls" }).getByRole("link", { name: invocation }).click();
    const spans = page.getByRole("list", { name: "Where its time went, in the order of time" }).getByRole("listitem");
    await spans.first().waitFor();
    const words = await spans.allInnerTexts();
    assert.match(words.join("\n"), /(start|bind)\n\d[^]*It waited \d[^]*run\n\d[^]*The function ran for \d.* until its reply began/);
    await page.getByText(`said hello in 00-${TRACE}`).waitFor();
    const facts = await page.getByRole("region", { name: "hello", exact: true }).innerText();
    assert.match(facts, new RegExp(`Outcome\\s+200[^]*Called by\\s+a request[^]*Revision\\s+1[^]*Trace\\s+${TRACE}`));
    await page.getByRole("region", { name: "Lines of what the call cost" }).getByText("memory").waitFor({ timeout: 60_000 });
    await takeShot(page, "call-1280-light");
    await page.getByRole("link", { name: ran! }).click();
    await page.getByRole("complementary").getByText("Started").waitFor();
    await page.goto(`${url}/#/apps/seen?tab=logs`);
    await page.getByRole("log").getByRole("link", { name: invocation }).first().click();
    await page.getByRole("heading", { level: 1, name: "Call" }).waitFor();
  });

  test("that failed says why; one by a function, or by a queue, says so; each is found by the command", async (context) => {
    const paths = ["/seen/fails", "/seen/calls", "/seen/sends"];
    for (const path of paths) await (await platform.call(path)).text();
    const [failed, worked] = [await callOf("fails"), await callOf("works")];
    assert.deepEqual([failed.keptAs, failed.outcome], ["failed", "function-threw"]);
    assert.deepEqual([worked.kind, worked.source], ["event", { kind: "queue", name: "seen-jobs" }]);
    const { invocations } = await platform.client.invocations("seen", { function: "hello" });
    assert.ok(invocations.some(({ source }) => source?.kind === "function"));
    const page = await open(context, { at: `/apps/seen/calls/${failed.invocation}` });
    await page.getByText("Function fails of app seen threw before it replied.").waitFor();
    await page.getByRole("log").getByText("on purpose").waitFor();
    await page.goto(`${url}/#/apps/seen/calls/${worked.invocation}`);
    await page.getByText("a queue, seen-jobs").waitFor();
    const env = { MAYFLY_API: url, MAYFLY_TOKEN: platform.running.token };
    const errors = await mayfly(["calls", "seen", "--errors", "--json"], { env });
    const list = JSON.parse(errors.stdout) as { rule: { slowMs: number }; invocations: { invocation: string }[] };
    assert.deepEqual([list.rule.slowMs, list.invocations.map((one) => one.invocation)], [1_000, [failed.invocation]]);
    const shown = await mayfly(["calls", "seen", failed.invocation], { env });
    assert.match(shown.stdout, /fails [^]*function-threw, by request[^]*run +\d[^]*Cost \d[^]*Log\n[^]*on purpose/);
    const none = await mayfly(["calls", "seen", "nobody"], { env });
    assert.match(none.stderr, /Nothing is kept of a call nobody/);
    assert.match((await mayfly(["logs", "seen", "--invocation", failed.invocation], { env })).stdout, /on purpose/);
  });

  test("of another tenant is none, whoever asks by its id", async () => {
    await platform.client.createTenant("acme");
    const theirs = createClient({ url, token: platform.running.token, tenant: "acme" });
    const reader = createClient({ url, token: (await theirs.createToken({ principal: "ray", role: "reader" })).token });
    const { invocation } = await callOf("hello");
    await assert.rejects(reader.invocation("seen", invocation), { code: "no-such-app" });
    await assert.rejects(reader.invocations("seen", {}), { code: "no-such-app" });
  });
});

const hostile = [
  '<img src=x onerror="globalThis.taken = 1">',
  "../../../v1/tokens?x=1#/fleet",
  "javascript:globalThis.taken=1",
  '"><svg onload=taken=1>',
  "\u202Eesrever%2f%00{{7*7}}\u001b[31m",
];

describe("whatever callers and functions send", () => {
  test("is text in the list of calls and on a call's page, and leads nowhere else", async (context) => {
    const served = await serveApi();
    await served.client.deploy(manifest(), [bundle("main", "cjs", "1")]);
    const app = served.id("shop");
    hostile.forEach((text, at) => {
      served.events.tell(
        ended({
          app,
          at: Date.now() + at,
          invocation: text,
          function: text,
          branch: text,
          details: { function: text, app: text, what: text },
        }),
      );
      served.logs.append({ at: Date.now(), app, level: LogLevel.Error, text, function: text, invocation: text });
    });
    for (const look of [
      { width: 375, theme: "dark" },
      { width: 1_280, theme: "light" },
    ] as const) {
      const page = await open(context, { url: served.server.url, token, look, at: "/apps/shop?tab=calls" });
      const links = page.getByRole("region", { name: "List of calls" }).getByRole("link");
      await links.first().waitFor();
      assert.deepEqual(await links.allTextContents(), hostile.toReversed());
      assert.deepEqual(await barriersIn(page), []);
      // On the narrow screen all, and on the other the newest.
      for (const [at, text] of hostile.toReversed().entries()) {
        if (at > 0 && look.width > 375) continue;
        await links.nth(at).click();
        await page.getByRole("heading", { level: 1, name: "Call" }).waitFor();
        assert.equal(await page.getByRole("log").locator(".log-text").textContent(), text);
        assert.ok((await page.locator(".facts").textContent())?.includes(`named ${text}`));
        if (at === 0) assert.deepEqual(await barriersIn(page), []);
        assert.ok(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), `${text} is wider than the screen`);
        await page.goBack();
        await links.first().waitFor();
      }
      assert.equal(await page.evaluate("String(globalThis.taken)"), "undefined");
      await page.close();
    }
    await served.close();
  });

  test("a call of which nothing is kept says so, and its log is there all the same", async (context) => {
    const served = await serveApi();
    await served.client.deploy(manifest(), [bundle("main", "cjs", "1")]);
    served.logs.append({ at: Date.now(), app: served.id("shop"), level: LogLevel.Info, text: "still here", invocation: "gone" });
    const page = await open(context, { url: served.server.url, token, at: "/apps/shop/calls/gone", expected: /404 \(Not Found\)/ });
    await page.getByText("Nothing is kept of a call gone").waitFor();
    await page.getByText("still here").waitFor();
    await page.close();
    await served.close();
  });
});

describe("ten thousand apps", () => {
  test("are as many elements in the page as a few are, and each is found", async (context) => {
    await platform.client.createTenant("many");
    const many = createClient({ url, token: platform.running.token, tenant: "many" });
    const { token: own } = await many.createToken({ principal: "mona", role: "reader" });
    await many.deploy(manifest({ name: "first" }), [bundle("main", "cjs", "exports.main = () => new Response()")]);
    const page = await open(context, { token: own, at: "/apps" });
    const rows = page.getByRole("region", { name: "Apps" }).locator("tbody tr");
    await rows.first().waitFor();
    const elements = () => page.evaluate<number>("document.querySelectorAll('*').length");
    const few = await elements();
    copyOften(join(platform.stateDir, "catalog.db"), "first", 10_000, (at) => `copy-${String(at).padStart(5, "0")}`);
    await page.reload();
    await page.getByRole("link", { name: "copy-00000" }).waitFor();
    const ofRow = (await page.locator("tbody tr").first().locator("*").count()) + 1;
    assert.ok((await rows.count()) <= 50);
    assert.ok((await elements()) <= few + 50 * ofRow, `${await elements()} elements, ${few} with one app`);
    await page.getByRole("button", { name: "More" }).click();
    await page.getByRole("link", { name: "copy-00099" }).waitFor();
    assert.ok((await elements()) <= few + 50 * ofRow);
    await page.getByPlaceholder("Search").fill("copy-09999");
    await page.getByRole("link", { name: "copy-09999" }).waitFor();
    assert.equal(await rows.count(), 1);
  });
});

/** Only where somebody asks for screenshots. */
async function takeShot(page: Page, name: string): Promise<void> {
  const folder = process.env["MAYFLY_SCREENSHOTS"];
  if (folder !== undefined) await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}

function ended(more: Partial<InvocationEnded>): InvocationEnded {
  return {
    type: "invocation-ended",
    at: Date.now(),
    invocation: "i",
    app: "",
    function: "main",
    machine: machine.id,
    appGone: false,
    revision: "",
    memoryMb: 128,
    branch: null,
    outcome: "function-threw",
    details: null,
    status: 500,
    spans: { queue: 4, start: 300, bind: 20, run: 2 },
    slotMs: 3,
    requestBytes: 1,
    replyBytes: 2,
    kind: "http",
    attempt: 1,
    source: null,
    traceparent: "",
    recorded: null,
    ...more,
  };
}
