/**
 * The page of an app in a real browser: each of its parts, with what it changes seen through the API. `MAYFLY_SCREENSHOTS=<folder> ./mayfly test test/dashboard-app` writes
 * pictures of all parts at three widths in both themes, and those of docs/dashboard.md. The file is long because all tests share one server and one browser.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import type { Browser, Page } from "playwright-core";
import { afterwards } from "../src/base/testing/afterwards.ts";
import { createClient } from "../src/doors/admin/client.ts";
import { barriersIn, type Look, type LogIn, openBrowser, openDashboard } from "./browser.ts";
import { takePictures } from "./dashboard-pictures.ts";
import { createScope, eventually, type Platform, type Scope, startPlatform } from "./platform.ts";

const scope = createScope();
let platform: Platform;
let browser: Browser;
let url: string;

const MARKUP = '<img src=x onerror="globalThis.taken = 1">';
/** What a page has to show as it is: markup, a change of the direction of writing, control characters, and one long word. */
const HOSTILE = `${MARKUP} \u202Eesrever\u0001 ${"w".repeat(2_000)}`;

/** What browsers write where the API refuses what somebody has typed. */
const REFUSED = /400 \(Bad Request\)/;

before(async () => {
  [platform, browser] = await Promise.all([startPlatform(scope, { driver: "process" }), openBrowser(scope)]);
  url = platform.running.apiUrl;
  await platform.deploy("test/apps/dashboard");
  await platform.deploy("test/apps/dashboard", { env: { ROUND: "2" } });
});
after(() => scope.close());

const open = (context: Scope, who: Partial<LogIn> = {}): Promise<Page> =>
  openDashboard(context, browser, { url, token: platform.running.token, ...who });

const openPart = (context: Scope, part: string, who: Partial<LogIn> = {}, app = "shop"): Promise<Page> =>
  open(context, { at: `/apps/${app}?tab=${part}`, ...who });

const card = (page: Page, name: string) => page.getByRole("region", { name, exact: true }).first();

/** Clicks the button, and the one that it becomes, which asks whether that is meant. */
async function confirm(page: Page, name: string, question: string): Promise<void> {
  await page.getByRole("button", { name }).click();
  await page.getByRole("button", { name: question }).click();
}

async function assertHarmless(page: Page): Promise<void> {
  assert.equal(await page.evaluate("String(globalThis.taken)"), "undefined");
  assert.equal(await page.locator("img").count(), 0);
  assert.ok(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page is wider than the screen");
}

const liveOf = async () => (await platform.client.aliases("shop")).find(({ name }) => name === "live")!.targets.map(({ number }) => number);

describe("traffic", () => {
  test("an alias is made, moved by weight and removed; a revision is promoted, and that is rolled back", async (context) => {
    const page = await openPart(context, "traffic", { expected: REFUSED });
    const others = card(page, "Other aliases");
    await others.getByText("The app has no alias but live.").waitFor();
    await others.getByLabel("Alias", { exact: true }).fill("next");
    await others.getByLabel("Points at").selectOption({ label: "revision 1" });
    await others.getByRole("button", { name: "Point" }).click();
    await others.getByText("It points there now.").waitFor();
    await others.getByRole("button", { name: "Move next", exact: true }).click();
    await others.getByRole("group", { name: "Weights of next" }).getByRole("slider", { name: "Revision 2" }).fill("100");
    await others.getByRole("button", { name: "Send calls there" }).click();
    await others.getByText("2 50 %, 1 50 %").or(others.getByText("1 50 %, 2 50 %")).first().waitFor();
    const next = (await platform.client.aliases("shop")).find(({ name }) => name === "next");
    assert.deepEqual(
      next?.targets.map(({ weight }) => weight),
      [100, 100],
    );
    await confirm(page, "Remove next", "Remove it?");
    await others.getByText("The app has no alias but live.").waitFor();
    assert.equal((await platform.client.aliases("shop")).length, 1);

    assert.deepEqual(await liveOf(), [2]);
    await confirm(page, "Promote revision 1", "Send all calls there?");
    await card(page, "Revisions").locator("tbody tr").last().getByText("gets all calls").waitFor();
    assert.deepEqual(await liveOf(), [1]);
    await confirm(page, "Roll back", "Roll back?");
    await page.getByText("Calls go where they went before.").waitFor();
    assert.deepEqual(await liveOf(), [2]);
    await others.getByLabel("Alias", { exact: true }).fill("7");
    await others.getByRole("button", { name: "Point" }).click();
    await others.getByText(/must not be a number/).waitFor();
  });
});

describe("triggers and events", () => {
  test("a trigger is paused, resumed, and fired with a payload of one's own", async (context) => {
    const page = await openPart(context, "events");
    const triggers = card(page, "Triggers");
    const trigger = async () => (await platform.client.triggers("shop")).find(({ name }) => name === "nightly")!;
    await triggers.getByRole("button", { name: "Pause nightly" }).click();
    await triggers.getByRole("button", { name: "Resume nightly" }).waitFor();
    assert.equal((await trigger()).paused, true);
    await triggers.getByRole("button", { name: "Resume nightly" }).click();
    await triggers.getByRole("button", { name: "Pause nightly" }).waitFor();
    assert.equal((await trigger()).paused, false);
    await triggers.getByRole("button", { name: "nightly", exact: true }).click();
    await triggers.getByText("Due at").waitFor();
    await triggers.getByLabel("Payload, as JSON").fill("{");
    await triggers.getByRole("button", { name: "Fire with this" }).click();
    await triggers.getByText(/The payload is not JSON/).waitFor();
    await triggers.getByLabel("Payload, as JSON").fill(JSON.stringify({ own: MARKUP }));
    await triggers.getByRole("button", { name: "Fire with this" }).click();
    await triggers.getByText("Fired.").waitFor();
    const events = card(page, "Events");
    await events.getByText("succeeded").first().waitFor();
    await events
      .getByRole("button", { name: /, for report$/ })
      .first()
      .click();
    assert.equal(await events.getByRole("region", { name: "Result" }).innerText(), JSON.stringify({ got: { own: MARKUP } }));
    await assertHarmless(page);
  });

  test("a dead letter says why, is run again, and is removed; events of a function are held", async (context) => {
    const { id } = await platform.client.acceptEvent("shop", "fails", { payload: { of: MARKUP } });
    const page = await openPart(context, "events");
    const dead = card(page, "Dead letters");
    await dead.getByText(/\[U\+202E\]esrever/).waitFor();
    await dead.getByRole("button", { name: /, for fails$/ }).click();
    assert.match(await dead.getByRole("region", { name: "Payload" }).innerText(), /img src/);
    const { endedAt } = await platform.client.event("shop", id);
    await dead.getByRole("button", { name: "Run again", exact: true }).click();
    await eventually(
      "another end, after another attempt",
      () => platform.client.event("shop", id),
      (now) => now.state === "dead" && now.endedAt !== endedAt,
    );
    await confirm(page, "Remove all", "Remove all?");
    await dead.getByText("No event was given up.").waitFor();
    assert.equal((await platform.client.deadLetters("shop", {})).events.length, 0);

    const holding = card(page, "Let a function wait");
    await holding.getByLabel("Function").selectOption("report");
    await holding.getByRole("button", { name: "Hold" }).click();
    await holding.getByText("Events of report wait.").waitFor();
    const held = await platform.client.acceptEvent("shop", "report", {});
    assert.match((await platform.client.event("shop", held.id)).waitsFor ?? "", /until the function's events are resumed/);
    await holding.getByRole("button", { name: "Let go on" }).click();
    await eventually(
      "the event's end",
      async () => (await platform.client.event("shop", held.id)).state,
      (now) => now === "succeeded",
    );
    await assertHarmless(page);
  });
});

describe("queues", () => {
  test("messages are looked at and sent, dead letters moved back, and all of them removed", async (context) => {
    await platform.client.createQueue({ name: "lost", app: "shop" });
    await platform.client.createQueue({ name: "jobs", app: "shop", visibilityS: 0, deadLetters: { queue: "lost", maxReceives: 1 } });
    await platform.client.sendToQueue("jobs", { body: HOSTILE });
    await loseMessageOf(context, "jobs");
    const page = await openPart(context, "queues", { look: { width: 375 } });
    await page.getByRole("button", { name: "lost" }).click();
    const lost = card(page, "lost");
    await lost.getByText("jobs", { exact: true }).waitFor();
    assert.equal(await lost.locator("pre").textContent(), HOSTILE);
    await assertHarmless(page);
    assert.deepEqual(await barriersIn(page), []);
    await lost.getByRole("button", { name: "Redrive" }).click();
    await lost.getByText("1 is moved back.").waitFor();
    await eventually(
      "the message in its queue",
      async () => (await platform.client.queue("jobs")).visible,
      (count) => count === 1,
    );
    await page.getByRole("button", { name: "jobs" }).click();
    const jobs = card(page, "jobs");
    await jobs.getByLabel("Text", { exact: true }).fill("by hand");
    await jobs.getByRole("button", { name: "Send" }).click();
    await jobs.getByText("by hand").waitFor();
    assert.equal((await platform.client.queue("jobs")).visible, 2);
    await confirm(page, "Purge", "Remove all messages?");
    await jobs.getByText("The queue is empty.").waitFor();
    assert.equal((await platform.client.queue("jobs")).visible, 0);
  });
});

/** Receives the message as often as it may be, so that the queue gives it up. */
async function loseMessageOf(context: Scope, queue: string): Promise<void> {
  const { id, secret } = await platform.client.createKey({ principal: `receiver-${queue}`, role: "operator" });
  const credentials = { accessKeyId: id, secretAccessKey: secret };
  const client = new SQSClient({ endpoint: url, region: "us-east-1", credentials, maxAttempts: 1 });
  afterwards(context, () => client.destroy());
  for (let times = 0; times < 2; times++) await client.send(new ReceiveMessageCommand({ QueueUrl: queue, MaxNumberOfMessages: 1 }));
}

describe("data", () => {
  test("keys are found by their beginnings, values shown and removed; buckets and databases have sizes", async (context) => {
    await platform.client.putKeyValue("shop", "sessions", "user/7", { value: HOSTILE, metadata: { by: MARKUP } });
    await platform.client.putKeyValue("shop", "sessions", `z${MARKUP}`, { value: "AP8=", base64: true });
    // The app's bucket is made at its first use.
    await (await platform.call("/shop/echo/put")).text();
    await platform.client.runSql("shop", "orders", { script: "CREATE TABLE t (n INTEGER)" });
    const page = await openPart(context, "data", { look: { width: 375 } });
    const stores = card(page, "Key-value stores");
    await stores.getByRole("button", { name: "sessions" }).click();
    await stores.getByRole("button", { name: `z${MARKUP}` }).click();
    assert.equal(await stores.getByRole("region", { name: `Value of z${MARKUP}` }).innerText(), "AP8=");
    await stores.getByLabel("Keys that begin with").fill("user/");
    await stores.getByRole("button", { name: `z${MARKUP}` }).waitFor({ state: "detached" });
    await stores.getByRole("button", { name: "user/7" }).click();
    assert.equal(await stores.locator("pre").first().textContent(), HOSTILE);
    await assertHarmless(page);
    assert.deepEqual(await barriersIn(page), []);
    await confirm(page, "Remove", "Remove the key?");
    await stores.getByText("No key begins with this.").waitFor();
    assert.equal((await platform.client.keyValues("shop", "sessions", { prefix: "user/" })).keys.length, 0);
    const buckets = card(page, "Buckets");
    await buckets.getByRole("row").filter({ hasText: "4 B" }).getByRole("button").click();
    await buckets.getByText(`in/${MARKUP}`).waitFor();
    const databases = card(page, "SQL databases");
    await databases.getByRole("button", { name: "orders" }).click();
    await databases.getByText("There is no copy of it yet.").waitFor();
    await assertHarmless(page);
  });
});

describe("runs", () => {
  test("a run that waits for somebody is answered, and one is stopped", async (context) => {
    await platform.deploy("examples/approval");
    const start = (id: string) => platform.client.acceptEvent("approval", "order", { payload: { id, item: "desk", price: 250 } });
    await start("o-1");
    await start("o-2");
    const page = await openPart(context, "runs", {}, "approval");
    const list = card(page, "Runs");
    const runs = list.locator("tbody").getByRole("button");
    await eventually(
      "two runs",
      () => runs.count(),
      (count) => count === 2,
    );
    const [newest, oldest] = await runs.allInnerTexts();
    await runs.first().click();
    await page.getByLabel("Answer to approval").fill("approve");
    await page.getByRole("button", { name: "Answer", exact: true }).click();
    await page.getByText(/"state":"shipped"/).waitFor();
    await page.getByText(/^succeeded, \d+ calls? of the function$/).waitFor();
    assert.equal((await platform.client.run("approval", newest!)).status, "SUCCEEDED");
    await runs.last().click();
    await page.getByLabel("Answer to approval").waitFor();
    await confirm(page, "Stop", "Stop it?");
    await page.getByLabel("Answer to approval").waitFor({ state: "detached" });
    assert.equal((await platform.client.run("approval", oldest!)).status, "STOPPED");
    await list.getByLabel("Status").selectOption("succeeded");
    await eventually(
      "the run that succeeded",
      () => runs.allInnerTexts(),
      (names) => names.length === 1 && names[0] === newest,
    );
    assert.deepEqual(await barriersIn(page), []);
  });
});

describe("cost", () => {
  test("limits are set and lifted, secrets set and removed, and no value is shown", async (context) => {
    const page = await openPart(context, "cost", { expected: REFUSED });
    const limits = card(page, "Limits");
    await limits.getByLabel("Calls").fill("many");
    await limits.getByRole("button", { name: "Set limits" }).click();
    await limits.getByText("Calls must be a number, or empty.").waitFor();
    await limits.getByLabel("Calls").fill("-1");
    await limits.getByRole("button", { name: "Set limits" }).click();
    await limits.getByText(/requests in the body/).waitFor();
    await limits.getByLabel("Calls").fill("1000000");
    await limits.getByRole("button", { name: "Set limits" }).click();
    await limits.getByText(/Calls: \d+ of 1,000,000 used/).waitFor();
    assert.equal((await platform.client.limits("shop")).limits.requests, 1_000_000);
    await limits.getByLabel("Calls").fill("");
    await limits.getByRole("button", { name: "Set limits" }).click();
    await limits.getByText("The app may use as much as it likes.").waitFor();

    const secrets = card(page, "Secrets");
    await secrets.getByLabel("Name").fill("API_KEY");
    await secrets.getByLabel("Value").fill("s3cret-value");
    await secrets.getByRole("button", { name: "Set" }).click();
    await secrets.getByRole("button", { name: "Remove API_KEY" }).waitFor();
    assert.deepEqual(await platform.client.secretNames("shop"), ["API_KEY"]);
    assert.ok(!(await page.content()).includes("s3cret-value"));
    assert.equal(await secrets.getByLabel("Value").inputValue(), "");
    await confirm(page, "Remove API_KEY", "Remove it?");
    await secrets.getByText("The app has no secrets.").waitFor();
    assert.deepEqual(await platform.client.secretNames("shop"), []);
    assert.deepEqual(await barriersIn(page), []);
  });
});

describe("calling", () => {
  test("a function is called with a request, and its reply shown, with status, headers and times, whatever is in them", async (context) => {
    const page = await openPart(context, "call", { look: { width: 375 } });
    await page.getByLabel("Method").selectOption("POST");
    await page.getByLabel("Path").fill("/orders?limit=5");
    await page.getByLabel("Headers").fill("no header");
    await page.getByRole("button", { name: "Call", exact: true }).click();
    await page.getByText('"no header" is no header').waitFor();
    await page.getByLabel("Headers").fill("x-own: mine\nHost: elsewhere\nx-mayfly-caller: root");
    await page.getByLabel("Body").fill("hello");
    await page.getByRole("button", { name: "Call", exact: true }).click();
    const reply = card(page, "Reply");
    await reply.getByText("201", { exact: true }).waitFor();
    const body = JSON.parse(await reply.getByRole("region", { name: "Body of the reply" }).innerText()) as object;
    assert.deepEqual(body, { method: "POST", path: "/orders?limit=5", own: "mine", caller: "operator", sent: "hello" });
    assert.match(await reply.innerText(), /after [\d.]+ m?s[^]*run [\d.]+ m?s[^]*x-answer\s+yes/);
    await page.getByLabel("Path").fill("/hostile");
    await page.getByRole("button", { name: "Call", exact: true }).click();
    await reply.getByText("418", { exact: true }).waitFor();
    assert.ok((await reply.getByRole("region", { name: "Body of the reply" }).textContent())!.startsWith(`${MARKUP} \u202Eesrever`));
    await reply.getByText("x-hostile").waitFor();
    await assertHarmless(page);
    assert.deepEqual(await barriersIn(page), []);
    await page.getByLabel("Function", { exact: true }).selectOption("fails");
    await page.getByRole("button", { name: "Call", exact: true }).click();
    await reply.getByText(/this is Mayfly's own error, function-threw/).waitFor();
  });

  test("by the API: an alias, what is not there, and what is too large", async () => {
    const call = (request: object, name = "echo") => platform.client.callFunction("shop", name, request);
    const { status, invocation, body, ms, timing } = await call({ version: "1", path: "/of-one" });
    assert.equal(status, 201);
    assert.ok(invocation !== null && timing !== null && ms >= timing.run);
    assert.match(Buffer.from(body, "base64").toString(), /"path":"\/of-one"/);
    await assert.rejects(call({}, "none"), { code: "no-such-function" });
    await assert.rejects(call({ version: "none" }), { code: "no-such-version" });
    await assert.rejects(call({ path: "orders" }), { code: "bad-request" });
    await assert.rejects(call({ method: "CONNECT" }), { code: "bad-request" });
    await assert.rejects(call({ headers: [["a b", "c"]] }), { code: "bad-request" });
    await assert.rejects(call({ headers: [["a", "b\r\nc: d"]] }), { code: "bad-request" });
    const failed = await call({}, "fails");
    assert.deepEqual([failed.status, failed.error], [500, "function-threw"]);
    const told = JSON.parse(Buffer.from(failed.body, "base64").toString()) as { error: { id?: string } };
    assert.equal(told.error.id, failed.invocation);
  });
});

describe("rights", () => {
  const tokenOf = async (role: "reader" | "invoker") => {
    const client = createClient({ url, token: platform.running.token, tenant: "main" });
    return (await client.createToken({ principal: `${role}-of-apps`, role })).token;
  };

  test("a reader sees all of an app, is told what it may not do, and has no button for it", async (context) => {
    const page = await openPart(context, "", { token: await tokenOf("reader") });
    const refusals: [part: string, text: string][] = [
      ["traffic", "Your role, reader, may not move calls."],
      ["events", "Your role, reader, may not hold events."],
      ["cost", "Your role, reader, may not set secrets."],
      ["cost", "Your role, reader, may not set limits of apps."],
      ["call", "Your role, reader, may not call functions."],
    ];
    for (const [part, text] of refusals) {
      await page.goto(`${url}/#/apps/shop?tab=${part}`);
      await page.getByText(text).waitFor();
      const buttons = await page.locator("main").getByRole("button").allInnerTexts();
      const changing = /^(Send|Roll back|Promote|Point|Move|Fire|Pause|Resume|Run|Remove|Set|Hold|Call|Purge|Redrive|Stop|Answer)\b/;
      assert.deepEqual(
        buttons.filter((name) => changing.test(name)),
        [],
        part,
      );
    }
  });

  test("an invoker is told that it may not look", async (context) => {
    const expected = /403 \(Forbidden\)/;
    const page = await openPart(context, "traffic", { token: await tokenOf("invoker"), expected });
    await page.getByText(/may not read about apps/).waitFor();
  });
});

describe("every part", () => {
  const parts = ["", "traffic", "events", "queues", "data", "runs", "calls", "logs", "cost", "call"];
  const folder = process.env["MAYFLY_SCREENSHOTS"];
  const all: Look[] = [375, 768, 1_280].flatMap((width) => (["light", "dark"] as const).map((theme) => ({ width, theme })));
  const looks: Look[] =
    folder === undefined
      ? [
          { width: 375, theme: "dark" },
          { width: 1_280, theme: "light" },
        ]
      : all;
  if (folder !== undefined) test("is shown in docs/dashboard.md", async (context) => takePictures(platform, await open(context), folder));

  for (const { width, theme } of looks)
    test(`fits ${width} pixels in ${theme} colours, and keeps nobody out`, async (context) => {
      const page = await open(context, { look: { width: width!, theme: theme! } });
      for (const part of parts) {
        await page.goto(`${url}/#/apps/shop?tab=${part}`);
        await page.locator(".main .card, .main .note-box").first().waitFor();
        await page.locator(".skeleton").first().waitFor({ state: "detached" });
        assert.deepEqual(await barriersIn(page), [], part);
        assert.ok(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), `${part} is wider than the screen`);
        if (folder !== undefined)
          await page.screenshot({ path: `${folder}/part-${part || "summary"}-${width}-${theme}.png`, fullPage: true });
      }
    });
});
