import { test } from "node:test";
import assert from "node:assert/strict";
import type { Workload } from "../simulator.ts";
import { drain } from "../testing/drain.ts";
import { families } from "./families.ts";
import { micro } from "./micro.ts";

const HOUR_MS = 3_600_000;

test("the same seed gives the same invocations, and another seed others; all are in order, with possible durations and CPU times", () => {
  for (const [name, family] of Object.entries(families)) {
    const hours = name.endsWith("50") ? 0.001 : 0.1;
    const drawn = drain(family(7, hours, 6));
    assert.deepEqual(drain(family(7, hours, 6)), drawn, name);
    if (drawn.length > 20) assert.notDeepEqual(drain(family(8, hours, 6)), drawn, name);
    let before = 0;
    for (const { at, durationMs, cpuMs } of drawn) {
      assert.ok(at >= before && at < hours * HOUR_MS, `${name}: ${at} ms after ${before}`);
      assert.ok(durationMs > 0 && durationMs <= 600_000 && cpuMs >= 0 && cpuMs <= durationMs, `${name}: ${durationMs}, ${cpuMs}`);
      before = at;
    }
  }
});

test("every generated workload says that it is synthetic, and its apps' machines are large enough for what they hold", () => {
  for (const family of Object.values(families)) {
    const { name, apps, endMs } = family(1, 2, 30);
    assert.match(name, /synthetic, 30 apps, 2 h, seed 1/);
    assert.equal(endMs, 2 * HOUR_MS);
    assert.equal(new Set(apps.map((app) => app.name)).size, 30);
    for (const { memoryMb, limits } of apps) {
      assert.ok(memoryMb <= limits.kind.memoryMb);
      assert.ok(limits.concurrency >= 1 && limits.concurrency <= 1_000);
    }
  }
});

test("each call of a timer is at most two seconds late, and half of the timers fire on full minutes", () => {
  const apps = 90;
  const calls = drain(families.timers(1, 24, apps));
  const byApp = Map.groupBy(calls, ({ app }) => app);
  let onTheMinute = 0;
  for (const [app, all] of byApp) {
    const minutes = [1, 2, 3, 5, 10, 15, 30, 60, 360][(Number(app.split("-")[1]) - 1) % 9] as number;
    assert.equal(all.length, (24 * 60) / minutes, app);
    const phases = all.map(({ at }) => at % (minutes * 60_000));
    assert.ok(Math.max(...phases) - Math.min(...phases) <= 2_000, `${app}: ${Math.min(...phases)} to ${Math.max(...phases)}`);
    if (phases.every((phase) => phase % 60_000 < 2_000)) onTheMinute++;
  }
  assert.equal(byApp.size, apps);
  assert.ok(onTheMinute > 0.35 * apps && onTheMinute < 0.7 * apps, `${onTheMinute} on the minute`);
});

test("rare apps are called once a minute, an hour, a day", () => {
  const counts = countByApp(families.rare(3, 10 * 24, 30));
  const mean = (kind: number) => counts.filter((_, index) => index % 3 === kind).reduce((sum, each) => sum + each, 0) / 10;
  for (const [kind, expected] of [10 * 24 * 60, 10 * 24, 10].entries())
    assert.ok(Math.abs(mean(kind) / expected - 1) < 0.2, `${mean(kind)} calls, not ${expected}`);
});

test("a burst goes from no call or about one in flight to 200 within a second and one call's duration, and back", () => {
  const calls = drain(families.bursts(5, 0.5, 3));
  for (const [app, all] of Map.groupBy(calls, (call) => call.app)) {
    const inFlight = (at: number) => all.filter((call) => call.at <= at && call.at + call.durationMs > at).length;
    const samples = Array.from({ length: 1_800 }, (_, second) => inFlight(second * 1_000));
    const busy = samples.filter((each) => each > 100);
    const quiet = samples.filter((each) => each <= 10);
    const meanOf = (some: number[]) => some.reduce((sum, each) => sum + each, 0) / some.length;
    assert.ok(Math.max(...samples) > 170 && Math.max(...samples) < 260, `${app}: ${Math.max(...samples)} at most`);
    assert.ok(meanOf(busy) > 150 && meanOf(busy) < 250, `${app}: ${meanOf(busy)} when busy`);
    assert.ok(quiet.length > 0.8 * samples.length, app);
    const expected = Number(app.split("-")[1]) % 2 === 1 ? 0 : 1;
    assert.ok(Math.abs(meanOf(quiet) - expected) < 0.4, `${app}: ${meanOf(quiet)} when quiet`);
    const rise = samples.findIndex((each) => each > 100);
    assert.ok((samples[rise - 3] as number) < 10, `${app}: ${samples.slice(rise - 3, rise + 1).join()}`);
  }
});

test("days have peaks 4.3 times as high as their troughs", () => {
  const hours = Array.from({ length: 24 }, () => 0);
  const workload = families.diurnal(2, 2 * 24, 20);
  while (workload.next()) hours[Math.floor(workload.at / HOUR_MS) % 24]!++;
  const ratio = Math.max(...hours) / Math.min(...hours);
  assert.ok(ratio > 3.2 && ratio < 5.2, `${ratio}`);
});

test("the calls of the mix are spread over its apps as on Azure: half of the apps have fewer than 80 a day, and a few apps have most of them", () => {
  const counts = countByApp(families.mix(11, 24, 300)).toSorted((a, b) => a - b);
  const total = counts.reduce((sum, each) => sum + each, 0);
  const below = (calls: number) => counts.filter((each) => each <= calls).length / counts.length;
  // The published shares. The clusters of an app with varied gaps may fall outside the day, so that more apps than published have few calls.
  for (const [calls, share] of [
    [10, 0.36],
    [96, 0.517],
    [480, 0.713],
    [1_330, 0.804],
  ] as const)
    assert.ok(Math.abs(below(calls) - share) < 0.12, `${below(calls)} of the apps have up to ${calls} calls, not ${share}`);
  const topTwentieth = counts.slice(-15).reduce((sum, each) => sum + each, 0);
  assert.ok(topTwentieth > 0.7 * total, `${topTwentieth} of ${total}`);
});

test("the micro workloads have as many calls in flight as asked for, and compute for the share of their time that their name says", () => {
  for (const [kind, share] of [
    ["wait50", 0.01],
    ["spin50", 1],
    ["mix50", 0.505],
  ] as const) {
    const calls = drain(micro(kind, 40)(1, 0.05, 1));
    const total = calls.reduce((sum, { durationMs }) => sum + durationMs, 0);
    const cpu = calls.reduce((sum, { cpuMs }) => sum + cpuMs, 0);
    assert.ok(Math.abs(total / (0.05 * HOUR_MS) / 40 - 1) < 0.02, `${kind}: ${total / (0.05 * HOUR_MS)} in flight`);
    assert.ok(Math.abs(cpu / total - share) < 0.01, `${kind}: ${cpu / total} of it CPU`);
  }
});

function countByApp(workload: Workload): number[] {
  const counts = workload.apps.map(() => 0);
  while (workload.next()) counts[workload.app]!++;
  return counts;
}
