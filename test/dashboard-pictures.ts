/** The pictures of docs/dashboard.md: apps that look like some, with something in each part of the dashboard. */
import type { Page } from "playwright-core";
import { eventually, type Platform } from "./platform.ts";

const DESK = { width: 1_120, height: 800 };

/** @param page of somebody who has logged in, and may do all */
export async function takePictures(platform: Platform, page: Page, folder: string): Promise<void> {
  const { client, running } = platform;
  await platform.deploy("test/apps/dashboard", { name: "bakery" });
  await platform.deploy("test/apps/dashboard", { name: "bakery", env: { ROUND: "2" } });
  await platform.deploy("examples/approval", { name: "orders" });
  const [newest, oldest] = (await client.app("bakery")).revisions.map(({ number }) => number);
  const both = [
    { revision: newest!, weight: 20 },
    { revision: oldest!, weight: 80 },
  ];
  await client.point("bakery", "live", both);
  await client.point("bakery", "next", [{ revision: newest!, weight: 1 }]);
  for (const payload of [{ order: 11 }, { order: 12 }]) await client.acceptEvent("bakery", "report", { payload });
  await client.acceptEvent("bakery", "fails", { payload: { order: 13 } });
  await client.fireTrigger("bakery", "nightly", {});
  await client.createQueue({ name: "given-up", app: "bakery" });
  await client.createQueue({ name: "bakes", app: "bakery", deadLetters: { queue: "given-up", maxReceives: 3 } });
  for (const bread of ["rye", "spelt", "wheat"]) await client.sendToQueue("bakes", { body: JSON.stringify({ bread, loaves: 12 }) });
  for (const name of ["ada", "grace", "linus"]) {
    const value = JSON.stringify({ name, basket: ["rye"], since: "2026-11-30" }, null, 2);
    await client.putKeyValue("bakery", "sessions", `user/${name}`, { value, metadata: { seen: "shop" }, expirationTtl: 86_400 });
  }
  await (await platform.call("/bakery/echo/put")).text();
  await client.runSql("bakery", "orders", { script: "CREATE TABLE orders (id INTEGER, bread TEXT)" });
  await client.setSecret("bakery", "BANK_KEY", "secret");
  await client.setLimits("bakery", { requests: 1_000_000, spend: 5 });
  await client.acceptEvent("orders", "order", { payload: { id: "o-7", item: "oven", price: 250 } });
  await client.acceptEvent("orders", "order", { payload: { id: "o-8", item: "tin", price: 9 } });

  const over = new AbortController();
  const calling = callOften(platform, over.signal).catch(() => undefined);
  await page.setViewportSize(DESK);
  const goTo = async (at: string) => {
    await page.goto(`${running.apiUrl}/#${at}`);
    await page.locator(".main .card, .main .cell, .main .log").first().waitFor();
    await page.locator(".skeleton, progress").first().waitFor({ state: "detached" });
  };
  const go = (part: string, app = "bakery") => goTo(`/apps/${app}?tab=${part}`);
  const shootPage = async (name: string) => {
    await page.evaluate("scrollTo(0, 0)");
    await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true });
  };
  const shoot = (name: string) => shootPage(`app-${name}`);
  const button = (name: string) => page.getByRole("button", { name, exact: true });
  await go("traffic");
  await shoot("traffic");
  await go("events");
  await page.getByRole("row").filter({ hasText: "the function failed" }).first().waitFor();
  await shoot("events");
  await go("queues");
  await button("bakes").click();
  await page.getByText('"spelt"').waitFor();
  await shoot("queues");
  await go("data");
  await button("sessions").click();
  await button("user/grace").click();
  await page.getByText("Metadata").waitFor();
  await shoot("data");
  await go("runs", "orders");
  await eventually(
    "two runs",
    () => page.locator("tbody").getByRole("button").count(),
    (count) => count === 2,
  );
  const waiting = (await client.runs("orders", { status: "RUNNING" })).runs[0]!;
  await button(waiting.name).click();
  await page.getByLabel("Answer to approval").fill("approve");
  await shoot("runs");
  await go("cost");
  await shoot("cost");
  await go("call");
  await page.getByLabel("Method").selectOption("POST");
  await page.getByLabel("Path").fill("/orders?limit=5");
  await page.getByLabel("Headers").fill("accept: application/json");
  await page.getByLabel("Body").fill('{"bread":"rye"}');
  await button("Call").click();
  await page.getByText("201", { exact: true }).waitFor();
  await shoot("call");
  await go("calls");
  await page.getByRole("radio", { name: "Failed" }).check();
  await page.getByRole("region", { name: "List of calls" }).getByRole("link").first().waitFor();
  await page.getByRole("radio", { name: "All" }).check();
  await page.locator("tbody tr").nth(8).waitFor();
  await page.screenshot({ path: `${folder}/app-calls.png` });
  const { invocations } = await client.invocations("bakery", { function: "echo", limit: 500 });
  const waitedOf = ({ spans }: (typeof invocations)[number]) => spans.queue + spans.start + spans.bind;
  const [slow] = invocations.toSorted((one, other) => waitedOf(other) - waitedOf(one));
  await goTo(`/apps/bakery/calls/${slow!.invocation}`);
  await page.getByRole("region", { name: "Lines of what the call cost" }).waitFor();
  // Lines of the log that are below the screen are not drawn.
  await page.setViewportSize({ ...DESK, height: 1_080 });
  await shootPage("call");
  await page.setViewportSize(DESK);
  await go("logs");
  await page.getByText("was asked for").first().waitFor();
  await page.screenshot({ path: `${folder}/app-logs.png` });
  await goTo("/apps");
  await page.getByRole("link", { name: "orders" }).waitFor();
  await shootPage("apps");
  await client.createTenant("acme");
  await client.createToken({ principal: "ci", role: "deployer" });
  for (const part of ["", "credentials", "disk", "doctor"]) {
    await goTo(`/operator?tab=${part}`);
    if (part === "disk") await page.getByText(/^Measured/).waitFor();
    await shootPage(`operator-${part || "server"}`);
  }
  await goTo("/simulator?app=bakery");
  await page.getByLabel("Machines of the app, at least").fill("3");
  await page.keyboard.press("Tab");
  await page.getByText(/^With these rules/).waitFor();
  await shootPage("simulator");
  // The plots have a point for each ten seconds.
  await eventually(
    "some points",
    async () => (await client.appHistory("bakery", "hour")).points.filter((point) => point !== null && point.calls > 0).length,
    (count) => count >= 7,
    180_000,
  );
  await go("");
  await shoot("summary");
  await page.emulateMedia({ colorScheme: "dark" });
  await goTo("/fleet");
  await page.locator('.cell[data-phase="bound"]').first().click();
  await page.getByRole("complementary").getByText("Bound", { exact: true }).waitFor();
  await shootPage("fleet");
  await page.emulateMedia({ colorScheme: "light" });
  await goTo("/");
  await page.locator(".plot canvas").nth(4).waitFor();
  await shootPage("overview");
  over.abort();
  await calling;
}

/** Calls that come and go, of which some fail. */
async function callOften(platform: Platform, over: AbortSignal): Promise<void> {
  for (let at = 0; !over.aborted; at++) {
    const calls = Array.from({ length: 1 + Math.round(2 + 2 * Math.sin(at / 40)) }, async () => {
      await (await platform.call(at % 50 === 49 ? "/bakery/fails" : "/bakery/echo/cart")).text();
    });
    await Promise.all(calls);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
