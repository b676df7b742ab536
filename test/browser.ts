/** Debian's Chromium, for tests of the dashboard. Whatever a page writes to its console, or throws, fails the test that opened it. */
import assert from "node:assert/strict";
import axe from "axe-core";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterwards } from "../src/base/testing/afterwards.ts";
import { findProgram } from "../src/setup/required-parts.ts";
import type { Scope } from "./platform.ts";

export interface Look {
  width?: number;
  height?: number;
  theme?: "light" | "dark";
}

/** Root may start Chromium only without its own sandbox; what it shows here is the project's own. */
export async function openBrowser(scope: Scope): Promise<Browser> {
  const executablePath = findProgram("chromium-headless-shell");
  assert.ok(executablePath, "mayfly test installs the Debian package chromium-headless-shell");
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
  afterwards(scope, () => browser.close());
  return browser;
}

/** A page with storage of its own. @param expected lines of the console that are expected */
export async function openPage(
  scope: Scope,
  browser: Browser,
  { width = 1_280, height = 900, theme = "light" }: Look = {},
  expected?: RegExp,
): Promise<Page> {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme });
  const page = await context.newPage();
  const said: string[] = [];
  page.on("console", (line) => void (expected?.test(line.text()) || said.push(`${line.type()}: ${line.text()}`)));
  page.on("pageerror", (error) => void said.push(String(error)));
  // Nothing of what a page shows may come from elsewhere.
  page.on("request", (request) => void (new URL(request.url()).hostname === "127.0.0.1" || said.push(`a request for ${request.url()}`)));
  afterwards(scope, async () => {
    await context.close();
    assert.deepEqual(said, []);
  });
  return page;
}

export interface LogIn {
  url: string;
  token: string;
  look?: Look;
  /** What stands behind the address's #, such as "/apps/shop". */
  at?: string;
  /** Lines of the console that are expected. */
  expected?: RegExp;
}

/** A page of the dashboard, of somebody who has logged in. */
export async function openDashboard(scope: Scope, browser: Browser, { url, token, look, at = "/", expected }: LogIn): Promise<Page> {
  const page = await openPage(scope, browser, look, expected);
  await page.goto(`${url}/#${at}`);
  await page.getByLabel("Token", { exact: true }).last().fill(token);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("navigation", { name: "Pages" }).waitFor();
  return page;
}

/** What axe-core finds in the page, of what keeps people out. */
export async function barriersIn(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    const { axe: checker } = globalThis as unknown as { axe: { run(): Promise<{ violations: Violation[] }> } };
    interface Violation {
      id: string;
      impact: string;
      nodes: { target: string[] }[];
    }
    const { violations } = await checker.run();
    const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
    return serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(" ")).join(", ")}`);
  });
}
