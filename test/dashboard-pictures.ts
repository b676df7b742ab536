/** The pictures of docs/dashboard.md of an app's page: an app that looks like one, with something in each of its parts. */
import type { Page } from "playwright-core";
import { eventually, type Platform } from "./platform.ts";

const PHONE = { width: 375, height: 800 };
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

  const go = async (part: string, app = "bakery") => {
    await page.setViewportSize(DESK);
    await page.goto(`${running.apiUrl}/#/apps/${app}?tab=${part}`);
    await page.locator(".main .card").first().waitFor();
    await page.locator(".skeleton").first().waitFor({ state: "detached" });
  };
  const shoot = (name: string) => page.screenshot({ path: `${folder}/app-${name}.png`, fullPage: true });
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
  await page.setViewportSize(PHONE);
  await shoot("call-375");
}
