/** What a busy agent tells of its load, and that it goes on answering. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../../base/clock/until.ts";
import type { AgentAdapter } from "./adapter.ts";
import { openSession, to } from "./session.ts";

export function describeLoad(adapter: AgentAdapter): void {
  test("a bound machine reports its load while calls wait, and once after them", async (t) => {
    const session = await openSession(t, adapter);
    await session.bindTo(["sleeps"]);
    await Promise.all([1, 2, 3].map(() => session.call(to("sleeps", { ms: 2_500 }))));
    const figures = session.stats.find(({ inFlight }) => inFlight === 3);
    assert.ok(figures, `a report comes every second: ${JSON.stringify(session.stats)}`);
    assert.ok(figures.cpuMs > 0 && figures.rssBytes > 1_000_000 && figures.heapUsedBytes >= 0);
    assert.ok(figures.loopUtilization >= 0 && figures.loopUtilization <= 1);
    await until(() => session.stats.at(-1)?.inFlight === 0);
    // The last one may follow a report that was due just when the calls had ended.
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    const { length } = session.stats;
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    assert.equal(session.stats.length, length, "an idle machine sends nothing");
  });

  test("calls that wait for others are reported as late", async (t) => {
    const session = await openSession(t, adapter);
    await session.bindTo(["computes"]);
    await Promise.all(Array.from({ length: 20 }, () => session.call(to("computes", { ms: 150 }))));
    // The figures of the last calls come with the report after them.
    await until(() => session.stats.some(({ loopDelayMeanMs }) => loopDelayMeanMs > 0));
    assert.ok(
      session.stats.every(({ loopDelayMeanMs, loopDelayMaxMs }) => loopDelayMaxMs >= loopDelayMeanMs),
      JSON.stringify(session.stats),
    );
  });

  test("Ping is answered at any time: idle, before and after the Bind, and while calls wait", async (t) => {
    const session = await openSession(t, adapter);
    await session.host.ping();
    await session.bindTo(["sleeps"]);
    await session.host.ping();
    let running = 40;
    const calls = Array.from({ length: running }, () => session.call(to("sleeps", { ms: 1_500 })).then(() => (running -= 1)));
    for (let time = 0; time < 20; time++) await session.host.ping();
    assert.equal(running, 40, "Pong does not wait for calls");
    await Promise.all(calls);
  });
}
