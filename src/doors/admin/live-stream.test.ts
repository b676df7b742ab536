import assert from "node:assert/strict";
import { test } from "node:test";
import type { LiveView } from "../../control/live.ts";
import type { Seen } from "../../control/seen.ts";
import { FakeClock } from "../../dispatch/testing/fake-clock.ts";
import { LiveStreams } from "./live-stream.ts";

const acme: Seen = { tenant: "ten_acme", apps: null };

/** Streams over views that count. @param filler makes each tick long */
function watched({ filler = "" } = {}) {
  const clock = new FakeClock();
  const counts = { opened: 0, closed: 0, ticks: 0, wholes: 0 };
  const open = (seen: Seen) => {
    counts.opened++;
    return {
      tick: () => ({ tick: { at: ++counts.ticks, seen, filler }, machines: { whole: false, changed: [], moved: [], gone: [] } }),
      whole: () => ({ whole: true, changed: [++counts.wholes], moved: [], gone: [] }),
      close: () => counts.closed++,
    } as unknown as LiveView;
  };
  const streams = new LiveStreams(open, clock);
  const reading = (seen = acme, holder = "ten_acme", isAllowed = () => true) => {
    const reader = streams.stream(seen, holder, isAllowed).getReader();
    const next = async () => new TextDecoder().decode((await reader.read()).value);
    return { reader, next };
  };
  return { clock, counts, reading };
}

test("a slow reader is told nothing for as long as much waits for it, and all machines anew afterwards", async () => {
  const { clock, counts, reading } = watched({ filler: "x".repeat(100_000) });
  const { reader, next } = reading();
  await clock.advance(20_000);
  let bytes = 0;
  for (let reads = 0; reads < 6; reads++) bytes += (await next()).length;
  assert.ok(bytes > 300_000 && bytes < 500_000, `${bytes} bytes waited`);
  assert.equal(counts.wholes, 1);
  await clock.advance(2_000);
  assert.match(await next(), /^event: tick/);
  assert.match(await next(), /^event: machines\ndata: \{"whole":true,/);
  assert.match(await next(), /^event: tick/);
  assert.match(await next(), /^event: machines\ndata: \{"whole":false,/);
  await reader.cancel();
  assert.deepEqual([counts.opened, counts.closed], [1, 1]);
});

test("the stream ends when its reader may not read any more, and those of others go on", async () => {
  const { clock, counts, reading } = watched();
  let isAllowed = true;
  const [revoked, other] = [reading(acme, "ten_acme", () => isAllowed), reading()];
  await Promise.all([revoked, other].flatMap(({ next }) => [next(), next()]));
  isAllowed = false;
  await clock.advance(1_000);
  assert.equal((await revoked.reader.read()).done, true);
  assert.match(await other.next(), /^event: tick/);
  assert.equal(counts.closed, 0);
  await other.reader.cancel();
  assert.equal(counts.closed, 1);
  const { ticks } = counts;
  await clock.advance(10_000);
  assert.equal(counts.ticks, ticks, "with nobody there, nothing is looked at");
});

test("a thousand readers who see the same cost one look a second; who comes later begins with all machines, and nobody gets what others see", async () => {
  const { clock, counts, reading } = watched();
  const many = Array.from({ length: 1_000 }, () => reading());
  const bound = reading({ tenant: "ten_acme", apps: ["app_b", "app_a"] });
  const same = reading({ tenant: "ten_acme", apps: ["app_a", "app_b"] });
  assert.equal(counts.opened, 2);
  await clock.advance(3_000);
  assert.equal(counts.ticks, 8);
  const late = reading();
  for (const { next } of [many[0]!, many[999]!, late]) {
    assert.match(await next(), /"tenant":"ten_acme","apps":null/);
    assert.match(await next(), /"whole":true/);
  }
  assert.match(await bound.next(), /"apps":\["app_b","app_a"\]/);
  await Promise.all([...many, bound, same, late].map(({ reader }) => reader.cancel()));
  assert.deepEqual([counts.opened, counts.closed], [2, 2]);
});

test("a tenant has a bounded number of different views, and takes none from others", async () => {
  const { reading } = watched();
  const readings = Array.from({ length: 100 }, (_, at) => reading({ tenant: "ten_acme", apps: [`app_${at}`] }));
  assert.throws(() => reading(), { code: "too-many-connections" });
  readings.push(reading({ tenant: "ten_acme", apps: ["app_7"] }), reading({ tenant: "ten_other", apps: null }, "ten_other"));
  await readings[0]!.reader.cancel();
  readings.push(reading());
  await Promise.all(readings.map(({ reader }) => reader.cancel()));
});
