/** What a page did while somebody looked at it: the times between its frames, its long tasks, and the time of its thread. */
import type { CDPSession, Page } from "playwright-core";

export interface Watched {
  /** Milliseconds between one frame and the next. */
  frames: number[];
  /** Milliseconds of tasks of 50 ms or more. */
  longTasks: number[];
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
export async function watch(page: Page, thread: CDPSession, meanwhile: () => Promise<void>): Promise<Watched> {
  await page.evaluate(BEGIN);
  const before = await taskSeconds(thread);
  const began = performance.now();
  await meanwhile();
  const busy = (await taskSeconds(thread)) - before;
  const seconds = (performance.now() - began) / 1_000;
  return { ...(await page.evaluate<Omit<Watched, "busy">>(END)), busy: busy / seconds };
}

async function taskSeconds(thread: CDPSession): Promise<number> {
  const { metrics } = await thread.send("Performance.getMetrics");
  return metrics.find(({ name }) => name === "TaskDuration")?.value ?? 0;
}
