import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { afterwards } from "../../base/testing/afterwards.ts";
import { FakeClock } from "../../dispatch/testing/fake-clock.ts";
import { EventStream } from "../../telemetry/event-stream.ts";
import type { InvocationEnded } from "../../telemetry/platform-event.ts";
import { DEMAND_SPAN_NAMES } from "./demand-counts.ts";
import { bucketOf, whoLosesTo } from "./demand.ts";
import { openHistory } from "./open-history.ts";

function opened(context: TestContext, file = ":memory:", clock = new FakeClock()) {
  const events = new EventStream(clock, (error) => assert.fail(String(error)));
  const history = openHistory(file, {
    events,
    clock,
    tenantOf: (app) => app.split("-", 1)[0],
    onFailure: (error) => assert.fail(String(error)),
  });
  let isOpen = true;
  const close = () => {
    if (isOpen) history.close();
    isOpen = false;
  };
  afterwards(context, close);
  const call = (app: string, ranMs: number | null, waitedMs = 0, revision = "r") => {
    const spans = { queue: waitedMs, start: 0, bind: 0, run: ranMs ?? 0 };
    const facts = {
      at: clock.wall(),
      invocation: "i",
      app,
      function: "f",
      machine: "m",
      appGone: false,
      revision,
      memoryMb: 128,
      branch: null,
    };
    const rest = {
      kind: "http" as const,
      attempt: 1,
      source: null,
      traceparent: "",
      details: null,
      slotMs: ranMs,
      requestBytes: 0,
      replyBytes: 0,
      recorded: null,
    };
    events.tell({ type: "invocation-ended", ...facts, ...rest, outcome: "replied", status: 200, spans } satisfies InvocationEnded);
  };
  return { clock, events, history, close, call };
}

const sum = (numbers: readonly number[]) => numbers.reduce((all, one) => all + one, 0);

test("a call is counted when it arrived, with how long it ran and waited, in each span, also after a restart", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-demand-"));
  afterwards(context, () => rmSync(folder, { recursive: true }));
  const file = join(folder, "history.db");
  const first = opened(context, file);
  await first.clock.advance(600_000);
  // It arrived twelve seconds before its end.
  first.call("acme-shop", 10_000, 2_000);
  for (let at = 0; at < 5; at++) first.call("acme-shop", 20);
  first.call("acme-shop", null, 500);
  first.call("acme-shop", 7, 0, "");
  first.history.used({ app: "acme-shop", cpuUs: 3e6, byteSeconds: 2 ** 31 });
  await first.clock.advance(61_000);
  first.close();
  const { history } = opened(context, file, first.clock);
  for (const span of DEMAND_SPAN_NAMES) {
    const demand = history.demand.of("acme-shop", span)!;
    assert.equal(sum(demand.arrivals), 7, span);
    assert.deepEqual([sum(demand.ran.map(([, calls]) => calls)), sum(demand.waited.map(([, calls]) => calls))], [6, 7]);
    assert.ok(Math.abs(demand.ranMeanMs - 10_100 / 6) < 0.001);
    assert.deepEqual([demand.gbSeconds, demand.cpuSeconds], [2, 3]);
  }
  const hour = history.demand.of("acme-shop", "hour")!;
  const slots = hour.arrivals.flatMap((calls, slot) => (calls === 0 ? [] : [[hour.from + slot * hour.slotMs, calls]]));
  const then = first.clock.wall() - 61_000;
  const at = (ms: number) => Math.floor(ms / 1_000) * 1_000;
  assert.deepEqual(
    slots.map(([, calls]) => calls),
    [1, 6],
  );
  assert.equal(slots[0]![0], at(then - 12_000));
  assert.equal(history.demand.of("acme-none", "hour"), null);
});

test("what is not written yet counts, what is older than its span is gone, and a removed app leaves nothing", async (context) => {
  const { clock, events, history, call } = opened(context);
  call("acme-shop", 5);
  assert.equal(sum(history.demand.of("acme-shop", "hour")!.arrivals), 1);
  await clock.advance(2 * 3_600_000);
  call("acme-shop", 5);
  await clock.advance(60_000);
  assert.equal(sum(history.demand.of("acme-shop", "hour")!.arrivals), 1);
  assert.equal(sum(history.demand.of("acme-shop", "day")!.arrivals), 2);
  events.tell({ type: "app-removed", at: clock.wall(), app: "acme-shop", appName: "shop" } as never);
  assert.equal(history.demand.of("acme-shop", "day"), null);
  // A call that was under way ends after that, and its machine.
  call("acme-shop", 5);
  history.used({ app: "acme-shop", cpuUs: 3e6, byteSeconds: 2 ** 31 });
  await clock.advance(120_000);
  assert.equal(history.demand.of("acme-shop", "day"), null);
});

test("calls, times and machines are of the same time, whatever part of its rows is over", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-demand-"));
  afterwards(context, () => rmSync(folder, { recursive: true }));
  const file = join(folder, "history.db");
  const { clock, history, call, close } = opened(context, file);
  for (let step = 0; step < 26 * 6 + 5; step++) {
    call("acme-shop", 20);
    history.used({ app: "acme-shop", cpuUs: 1e6, byteSeconds: 0 });
    await clock.advance(600_000);
    for (const span of DEMAND_SPAN_NAMES) {
      const { arrivals, ran, cpuSeconds } = history.demand.of("acme-shop", span)!;
      const calls = sum(arrivals);
      assert.deepEqual([sum(ran.map(([, some]) => some)), cpuSeconds], [calls, calls], `${span}, after ${step}`);
    }
  }
  close();
  await clock.advance(3 * 3_600_000);
  const later = opened(context, file, clock).history.demand;
  assert.equal(later.of("acme-shop", "hour"), null, "what an earlier server has written more than an hour ago");
  assert.notEqual(later.of("acme-shop", "day"), null);
});

test("an app that is always busy takes tens of KB", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-demand-"));
  afterwards(context, () => rmSync(folder, { recursive: true }));
  const file = join(folder, "history.db");
  const { clock, history, call, close } = opened(context, file);
  for (let minute = 0; minute < 180; minute++) {
    for (let second = 0; second < 60; second++) call("acme-shop", 1 + ((minute * second) % 300), (minute * second) % 40);
    await clock.advance(60_000);
  }
  assert.ok(history.demand.of("acme-shop", "hour")!.arrivals.length <= 3_661);
  close();
  // The file has what is plotted, too.
  assert.ok(statSync(file).size < 700_000, String(statSync(file).size));
});

test("places are fair between tenants: one with many apps takes none from one with few", () => {
  const places = new Map<string, { tenant: string; at: number }>();
  for (let app = 0; app < 199; app++) places.set(`acme-${app}`, { tenant: "acme", at: app });
  places.set("other-1", { tenant: "other", at: 0 });
  assert.equal(whoLosesTo("third", places, 1_000), "acme-0");
  assert.equal(whoLosesTo("other", places, 1_000), "acme-0");
  assert.equal(whoLosesTo("acme", places, 1_000), null);
  // Nobody called the app for more than an hour.
  assert.equal(whoLosesTo("acme", places, 4_000_000), "acme-0");
});

test("times are kept to a tenth, up to hours", () => {
  const buckets = [0, 0.1, 1, 1.1, 10, 1_000, 60_000, 3_600_000].map(bucketOf);
  assert.deepEqual(
    buckets,
    buckets.toSorted((a, b) => a - b),
  );
  assert.equal(bucketOf(1e12), bucketOf(1e15));
});
