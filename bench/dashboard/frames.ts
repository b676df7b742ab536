/** What a page did while somebody looked at it: the times between its frames, its long tasks, and the time of its thread. */
import type { Browser, CDPSession, Page } from "playwright-core";

export interface Watched {
  /** Milliseconds between one frame and the next. */
  frames: number[];
  /** Milliseconds of tasks of 50 ms or more, in which the host may have done something else. */
  longTasks: number[];
  /** Milliseconds of CPU of the page's longest task. */
  longestCpu: number;
  /** Of the time, what the page's thread worked. */
  busy: number;
  /** Elements of the page at the end. */
  elements: number;
}

/** Runs in the page, as text, because its types are not those of this program. */
const BEGIN = `
  globalThis.seen = { frames: [], longTasks: [], over: false };
  let last = performance.now();
  const frame = (now) => {
    if (seen.over) return;
    seen.frames.push(now - last);
    last = now;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  seen.observer = new PerformanceObserver((list) => seen.longTasks.push(...list.getEntries().map(({ duration }) => duration)));
  seen.observer.observe({ type: "longtask" });
`;
const END = `
  seen.over = true;
  seen.observer.disconnect();
  ({ frames: seen.frames.slice(1), longTasks: seen.longTasks, elements: document.querySelectorAll("*").length })
`;

/** @param meanwhile what somebody does with the page */
export async function watch(browser: Browser, page: Page, thread: CDPSession, meanwhile: () => Promise<void>): Promise<Watched> {
  await browser.startTracing(page, { categories: ["toplevel", "devtools.timeline", "disabled-by-default-devtools.timeline"] });
  await page.evaluate(BEGIN);
  const before = await taskSeconds(thread);
  const began = performance.now();
  await meanwhile();
  const busy = (await taskSeconds(thread)) - before;
  const seconds = (performance.now() - began) / 1_000;
  const seen = await page.evaluate<Pick<Watched, "frames" | "longTasks" | "elements">>(END);
  return { ...seen, busy: busy / seconds, longestCpu: longestTask(await browser.stopTracing()) };
}

interface TraceEvent {
  name: string;
  pid: number;
  tid: number;
  /** Microseconds of the thread's CPU. */
  tdur?: number;
}

/** Of the thread that lays the page out. */
function longestTask(trace: Buffer): number {
  const { traceEvents } = JSON.parse(trace.toString()) as { traceEvents: TraceEvent[] };
  const threads = Map.groupBy(traceEvents, ({ pid, tid }) => `${pid} ${tid}`);
  const layouts = (events: TraceEvent[]) => events.filter(({ name }) => name === "UpdateLayoutTree").length;
  const [main = []] = [...threads.values()].toSorted((a, b) => layouts(b) - layouts(a));
  return main.reduce((most, { name, tdur = 0 }) => (name.endsWith("RunTask") ? Math.max(most, tdur / 1_000) : most), 0);
}

async function taskSeconds(thread: CDPSession): Promise<number> {
  const { metrics } = await thread.send("Performance.getMetrics");
  return metrics.find(({ name }) => name === "TaskDuration")?.value ?? 0;
}
