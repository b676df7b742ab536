/**
 * The dashboard in Chromium, on a server with 10,000 apps and 500 machines, under load: the times between frames on each page, the first picture, the bytes of the
 * stream, and what a viewer costs the server.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Browser, chromium, type Page } from "playwright-core";
import { findProgram } from "../../src/setup/required-parts.ts";
import { watch, type Watched } from "../dashboard/frames.ts";
import type { BenchOptions } from "../options.ts";
import { ms, type Row, type Section } from "../report.ts";
import { median, quantile } from "../statistics.ts";

const APPS = 10_000;
const MACHINES = 500;
const CALLS_PER_SECOND = 2_000;
const MOST_FRAME_MS = 50;
const MOST_FIRST_MS = 1_000;
const VIEWERS = 20;

interface Server {
  url: string;
  token: string;
  process: ChildProcess;
}

export async function dashboard({ rounds, seconds }: BenchOptions): Promise<Section[]> {
  await using opened = new AsyncDisposableStack();
  const server = await serve();
  opened.defer(() => server.process.disconnect());
  const browser = await open();
  opened.defer(() => browser.close());
  const pictures = await firstPictures(browser, server, Math.max(3, rounds));
  const rows = [
    pictureRow("the first picture, logged out, nothing cached", pictures.out),
    pictureRow("the first picture of the overview, nothing cached", pictures.in),
  ];
  rows.push(await emptyRow(browser, seconds, rounds));
  const page = await loggedIn(browser, server);
  const thread = await page.context().newCDPSession(page);
  await thread.send("Performance.enable");
  await thread.send("Network.enable");
  let bytes = 0;
  thread.on("Network.dataReceived", ({ dataLength }) => (bytes += dataLength));
  const began = performance.now();
  for (const [name, meanwhile] of looks(page, seconds * 1_000)) {
    const watched: Watched[] = [];
    await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name }).click();
    await page.getByRole("heading", { level: 1, name }).waitFor();
    await sleep(1_500);
    for (let round = 0; round < rounds; round++) watched.push(await watch(browser, page, thread, meanwhile));
    rows.push(frameRow(name, watched), taskRow(name, watched));
  }
  const perSecond = bytes / ((performance.now() - began) / 1_000);
  rows.push({ what: "received by a page", measured: `${Math.round(perSecond / 1_024)} KB/s` });
  await page.context().close();
  rows.push(await viewersRow(server, seconds));
  return [
    {
      title: `The dashboard, ${APPS.toLocaleString("en")} apps, ${MACHINES} machines`,
      how: `Headless Chromium at 1,280 × 900, ${rounds} times ${seconds} s a page; half of the machines change each second, and ${CALLS_PER_SECOND.toLocaleString("en")} calls end. The machines are made up; the API, its stream and the pages are the product's.`,
      rows,
    },
  ];
}

async function serve(): Promise<Server> {
  const child = fork(join(import.meta.dirname, "../dashboard/serve.ts"), [APPS, MACHINES, CALLS_PER_SECOND].map(String));
  const [message] = (await once(child, "message")) as [{ url: string; token: string }];
  return { ...message, process: child };
}

async function open(): Promise<Browser> {
  const executablePath = findProgram("chromium-headless-shell");
  if (executablePath === undefined) throw new Error("bench: Chromium is missing. Install it: sudo apt-get install chromium-headless-shell");
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
}

async function firstPictures(browser: Browser, server: Server, rounds: number): Promise<{ out: number[]; in: number[] }> {
  const pictures = { out: [] as number[], in: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    const page = await loggedIn(browser, server, (one) => paintOf(one).then((paint) => void pictures.out.push(paint)));
    const thread = await page.context().newCDPSession(page);
    await thread.send("Network.clearBrowserCache");
    await page.reload();
    await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
    pictures.in.push(await paintOf(page));
    await page.context().close();
  }
  return pictures;
}

function paintOf(page: Page): Promise<number> {
  return page.evaluate<number>(`new Promise((resolve) => {
    new PerformanceObserver((list) => {
      const [paint] = list.getEntriesByName("first-contentful-paint");
      if (paint) resolve(paint.startTime);
    }).observe({ type: "paint", buffered: true });
  })`);
}

async function loggedIn(browser: Browser, { url, token }: Server, shown?: (page: Page) => Promise<void>): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1_280, height: 900 } });
  const page = await context.newPage();
  await page.goto(url);
  await page.getByRole("button", { name: "Log in" }).waitFor();
  await shown?.(page);
  await page.getByLabel("Token", { exact: true }).last().fill(token);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
  return page;
}

/** What frames of a page with nothing in it are like in the same browser on the same host: no page can do better. */
async function emptyRow(browser: Browser, seconds: number, rounds: number): Promise<Row> {
  const page = await browser.newPage();
  const thread = await page.context().newCDPSession(page);
  await thread.send("Performance.enable");
  const watched: Watched[] = [];
  for (let round = 0; round < rounds; round++) watched.push(await watch(browser, page, thread, () => sleep(1_000 * seconds)));
  await page.close();
  const { what, measured } = frameRow("a page with nothing in it", watched);
  return { what, measured };
}

/** What is done on each page, for so many milliseconds. */
function looks(page: Page, forMs: number): [name: string, meanwhile: () => Promise<void>][] {
  return [
    ["Overview", () => sleep(forMs)],
    [
      "Fleet",
      async () => {
        for (const by of ["Kind", "None", "App"]) {
          await page.getByRole("radio", { name: by }).check();
          await sleep(forMs / 4);
        }
        await page.locator(".cell").nth(40).click();
        await sleep(forMs / 4);
      },
    ],
    [
      "Apps",
      async () => {
        const search = page.getByPlaceholder("Search");
        await search.pressSequentially("app-0", { delay: 30 });
        await sleep(forMs / 3);
        await page.getByRole("button", { name: "More" }).click();
        await sleep(forMs / 3);
        await search.fill("");
        await sleep(forMs / 3);
      },
    ],
  ];
}

function pictureRow(what: string, times: number[]): Row {
  const most = Math.max(...times);
  return {
    what,
    measured: `median ${ms(median(times))}, most ${ms(most)}`,
    target: `≤ ${ms(MOST_FIRST_MS)}`,
    reached: most <= MOST_FIRST_MS,
  };
}

function frameRow(name: string, watched: Watched[]): Row {
  const frames = watched.flatMap((each) => each.frames);
  const most = Math.max(...frames);
  const tasks = watched.flatMap((each) => each.longTasks);
  const busy = median(watched.map((each) => each.busy));
  const longest = tasks.length === 0 ? "no long task" : `${tasks.length} long tasks, the longest ${ms(Math.max(...tasks))}`;
  const measured = `longest frame ${ms(most)}, p99 ${ms(quantile(frames, 0.99))}, ${longest}, thread busy ${(100 * busy).toFixed(1)} %, ${watched.at(-1)!.elements} elements`;
  return { what: `${name}: frames`, measured, target: `≤ ${MOST_FRAME_MS} ms`, reached: most <= MOST_FRAME_MS };
}

/** What a frame has to wait for, whatever else the host does. */
function taskRow(name: string, watched: Watched[]): Row {
  const most = Math.max(...watched.map(({ longestCpu }) => longestCpu));
  return {
    what: `${name}: the longest task`,
    measured: `${ms(most)} of CPU`,
    target: `≤ ${MOST_FRAME_MS} ms`,
    reached: most <= MOST_FRAME_MS,
  };
}

/** The server's CPU with as many streams, less what it uses without. */
async function viewersRow(server: Server, seconds: number): Promise<Row> {
  const alone = await cpuIn(server, seconds);
  const over = new AbortController();
  const headers = { authorization: `Bearer ${server.token}` };
  const streams = Array.from({ length: VIEWERS }, async () => {
    const { body } = await fetch(`${server.url}/v1/live`, { headers, signal: over.signal });
    for await (const _ of body!);
  });
  const ended = Promise.allSettled(streams);
  await sleep(1_000);
  const watched = await cpuIn(server, seconds);
  over.abort();
  await ended;
  return { what: "CPU of the server for each viewer", measured: `${((watched - alone) / VIEWERS).toFixed(2)} ms a second` };
}

/** Milliseconds of CPU in a second. */
async function cpuIn({ process: child }: Server, seconds: number): Promise<number> {
  const read = async () => {
    child.send("cpu");
    const [us] = (await once(child, "message")) as [number];
    return us;
  };
  const before = await read();
  await sleep(1_000 * seconds);
  return ((await read()) - before) / 1_000 / seconds;
}
