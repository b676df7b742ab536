import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type TestContext, test } from "node:test";
import type { MayflyError } from "../../base/errors/error.ts";
import { afterwards } from "../../base/testing/afterwards.ts";
import { FakeClock } from "../../dispatch/testing/fake-clock.ts";
import { EventStream } from "../../telemetry/event-stream.ts";
import type { InvocationEnded } from "../../telemetry/platform-event.ts";
import { noCounts, type Counts } from "./counts.ts";
import { type History, seriesOf } from "./history.ts";
import { damageTables } from "../sqlite/testing/damage-tables.ts";
import { openHistory } from "./open-history.ts";

const MB = 2 ** 20;

function opened(context: TestContext, file = ":memory:", clock = new FakeClock()) {
  const failures: unknown[] = [];
  const events = new EventStream(clock, (error) => assert.fail(String(error)));
  const history = openHistory(file, {
    events,
    clock,
    tenantOf: (app) => (app.startsWith("acme") ? "ten_acme" : "ten_other"),
    onFailure: (error) => failures.push(error),
  });
  let isOpen = true;
  const close = () => {
    if (isOpen) history.close();
    isOpen = false;
  };
  afterwards(context, close);
  return { clock, events, history, failures, close };
}

function ended(app: string, ms: number, more: Partial<InvocationEnded> = {}): InvocationEnded {
  const spans = { queue: 0, start: 0, bind: ms / 2, run: ms / 2 };
  const facts = { at: 0, invocation: "i", app, function: "f", machine: "m", appGone: false, revision: "r", memoryMb: 128, branch: null };
  const rest = {
    details: null,
    slotMs: ms,
    requestBytes: 0,
    replyBytes: 0,
    kind: "http",
    attempt: 1,
    source: null,
    traceparent: "",
    recorded: null,
  } as const;
  return { type: "invocation-ended", ...facts, ...rest, outcome: "replied", status: 200, spans, ...more };
}

const last = (history: History, wanted: Parameters<History["course"]>[0], span: "hour" | "day" | "month" = "hour") =>
  history.course(wanted, span).points.at(-1)!;

test("calls, errors, times, machines, memory and CPU of ten seconds are one point of who may see them", async (context) => {
  const { clock, events, history } = opened(context);
  history.watch(() => [
    { app: null, phase: "blank" },
    { app: "acme-shop", phase: "bound" },
  ]);
  for (let call = 0; call < 99; call++) events.tell(ended("acme-shop", 10));
  events.tell(ended("acme-shop", 800));
  events.tell(ended("acme-shop", 1, { status: 503 }));
  events.tell(ended("other-shop", 1, { outcome: "queue-full", status: 0 }));
  events.tell(ended("other-shop", 1, { outcome: "aborted", status: 0 }));
  history.used({ app: "acme-shop", cpuUs: 5e6, byteSeconds: 10 * 64 * MB });
  history.used({ app: null, cpuUs: 1e6, byteSeconds: 10 * 16 * MB });
  await clock.advance(11_000);
  const all = last(history, { kind: "server" });
  assert.deepEqual([all.calls, all.failed, all.cpus, all.memoryBytes / MB], [10.3, 0.2, 0.6, 80]);
  assert.ok(Math.abs(all.p50! - 10) < 0.5 && Math.abs(all.p99! - 10) < 0.5, `${all.p50} ${all.p99}`);
  assert.deepEqual([all.machines.blank, all.machines.bound, all.machines.starting], [1, 1, 0]);
  const acme = last(history, { kind: "tenant", tenant: "ten_acme" });
  assert.deepEqual([acme.calls, acme.failed, acme.cpus, acme.memoryBytes / MB, acme.machines.blank], [10.1, 0.1, 0.5, 64, 0]);
  const two = last(history, { kind: "apps", apps: ["acme-shop", "other-shop", "none"] });
  assert.deepEqual([two.calls, two.failed], [10.3, 0.2]);
  assert.equal(last(history, { kind: "tenant", tenant: "ten_none" }).calls, 0);
});

test("each span has its steps up to now, and a gap where no server ran", async (context) => {
  const dir = mkdtempSync(join(tmpdir(), "mayfly-history-"));
  afterwards(context, () => rmSync(dir, { recursive: true }));
  const clock = new FakeClock();
  const file = join(dir, "history.db");
  const first = opened(context, file, clock);
  first.events.tell(ended("acme-shop", 10));
  await clock.advance(20_000);
  first.close();
  await clock.advance(600_000);
  const second = opened(context, file, clock);
  second.events.tell(ended("acme-shop", 10));
  await clock.advance(20_000);
  const { at, points, stepMs } = second.history.course({ kind: "server" }, "hour");
  assert.deepEqual([at.length, points.length, stepMs], [360, 360, 10_000]);
  assert.ok(at.every((start, index) => index === 0 || start === (at[index - 1] ?? 0) + stepMs));
  assert.ok(clock.wall() - at.at(-1)! < 2 * stepMs);
  assert.deepEqual([points.filter((point) => point !== null).length, points.filter((point) => (point?.calls ?? 0) > 0).length], [4, 2]);
  for (const [span, steps] of [
    ["day", 1_440],
    ["month", 744],
  ] as const) {
    const course = second.history.course({ kind: "server" }, span);
    assert.equal(course.points.length, steps);
    const calls = course.points.reduce((sum, point) => sum + (point?.calls ?? 0) * (point === null ? 0 : 1), 0);
    assert.ok(calls > 0, span);
  }
  const hours = second.history.course({ kind: "server" }, "month").points.filter((point) => point !== null);
  assert.ok(Math.abs(hours.reduce((sum, { calls }) => sum + calls, 0) - 2 / 40) < 0.051, "an average over the seconds that were counted");
});

test("rows that are too old go, and what a step had before is added to", async (context) => {
  const { clock, events, history } = opened(context);
  events.tell(ended("acme-shop", 10));
  await clock.advance(60_000);
  events.tell(ended("acme-shop", 10));
  await clock.advance(3_700_000);
  const hour = history.course({ kind: "apps", apps: ["acme-shop"] }, "hour");
  assert.ok(hour.points.every((point) => point === null || point.calls === 0));
  const day = history.course({ kind: "apps", apps: ["acme-shop"] }, "day");
  const calls = day.points.reduce((sum, point) => sum + (point?.calls ?? 0), 0);
  assert.ok(calls > 0, "the minutes are still there");
});

test("what was counted while the host's clock was far ahead goes when it is put back", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-history-"));
  afterwards(context, () => rmSync(folder, { recursive: true }));
  const { clock, events, history, close } = opened(context, join(folder, "history.db"));
  const YEARS = 40 * 365 * 86_400_000;
  for (const leap of [YEARS, -YEARS]) {
    clock.leap(leap);
    events.tell(ended("acme-shop", 10));
    await clock.advance(61_000);
  }
  assert.ok(last(history, { kind: "server" }).calls >= 0);
  close();
  const db = new DatabaseSync(join(folder, "history.db"));
  for (const table of ["steps", "demand"]) {
    const { late, all } = db.prepare(`SELECT count(*) FILTER (WHERE at > ?) AS late, count(*) AS "all" FROM ${table}`).get(clock.wall())!;
    assert.deepEqual([late, Number(all) > 0], [0, true], table);
  }
  db.close();
});

test("of very many apps the busiest have a series of their own, and all are in the sums", () => {
  const counted = new Map<string, Counts>();
  for (let app = 0; app < 500; app++) counted.set(`acme-${app}`, { ...noCounts(), calls: { calls: app, failed: 0, times: [] } });
  const series = seriesOf(counted, () => "ten_acme");
  assert.equal(series.size, 102);
  assert.equal(series.get("")!.calls.calls, (499 * 500) / 2);
  assert.equal(series.get("t:ten_acme")!.calls.calls, (499 * 500) / 2);
  assert.ok(series.has("a:acme-499") && !series.has("a:acme-399"));
});

test("a file that cannot be used is told of, and the server goes on without it", async (context) => {
  const dir = mkdtempSync(join(tmpdir(), "mayfly-history-"));
  afterwards(context, () => rmSync(dir, { recursive: true }));
  const file = join(dir, "history.db");
  writeFileSync(file, "this is no database ".repeat(1_000));
  const { clock, events, history, failures } = opened(context, file);
  assert.deepEqual(
    failures.map((error) => (error as MayflyError).code),
    ["state-damaged"],
  );
  events.tell(ended("acme-shop", 10));
  await clock.advance(11_000);
  assert.equal(last(history, { kind: "server" }).calls, 0.1);
});

test("a file whose tables are damaged is told of, and the server goes on without it", async (context) => {
  const dir = mkdtempSync(join(tmpdir(), "mayfly-history-"));
  afterwards(context, () => rmSync(dir, { recursive: true }));
  const file = join(dir, "history.db");
  const first = opened(context, file);
  first.events.tell(ended("acme-shop", 10));
  await first.clock.advance(61_000);
  first.close();
  damageTables(file);
  const { clock, events, history, failures } = opened(context, file);
  assert.deepEqual(
    failures.map((error) => (error as MayflyError).code),
    ["state-damaged"],
  );
  events.tell(ended("acme-shop", 10));
  await clock.advance(11_000);
  assert.equal(last(history, { kind: "server" }).calls, 0.1);
});
