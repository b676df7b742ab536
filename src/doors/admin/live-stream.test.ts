import assert from "node:assert/strict";
import { test } from "node:test";
import type { LiveView } from "../../control/live.ts";
import { FakeClock } from "../../dispatch/testing/fake-clock.ts";
import { liveStream } from "./live-stream.ts";

test("a slow reader is told nothing for as long as much waits for it, and all machines anew afterwards", async () => {
  const clock = new FakeClock();
  const asked: boolean[] = [];
  let isClosed = false;
  const view = {
    tick(whole: boolean) {
      asked.push(whole);
      return { tick: { at: 0, filler: "x".repeat(100_000) }, machines: { whole, changed: [], gone: [] } };
    },
    close: () => (isClosed = true),
  } as unknown as LiveView;
  const reader = liveStream(view, clock, () => true).getReader();
  await clock.advance(20_000);
  let bytes = 0;
  for (let reads = 0; reads < 6; reads++) bytes += (await reader.read()).value!.byteLength;
  assert.ok(bytes < 500_000, `${bytes} bytes waited`);
  assert.deepEqual(asked.slice(0, 4), [true, false, false, false]);
  await clock.advance(2_000);
  assert.equal(asked.at(-2), true);
  assert.match(new TextDecoder().decode((await reader.read()).value), /^event: tick/);
  assert.match(new TextDecoder().decode((await reader.read()).value), /^event: machines\ndata: \{"whole":true,/);
  await reader.cancel();
  assert.ok(isClosed);
});

test("the stream ends when its reader may not read any more", async () => {
  const clock = new FakeClock();
  let isAllowed = true;
  const view = { tick: () => ({ tick: {}, machines: undefined }), close: () => {} } as unknown as LiveView;
  const reader = liveStream(view, clock, () => isAllowed).getReader();
  await reader.read();
  isAllowed = false;
  await clock.advance(1_000);
  assert.equal((await reader.read()).done, true);
});
