import assert from "node:assert/strict";
import { test } from "node:test";

import { systemClock } from "../../base/clock/clock.ts";
import { createImageWatch } from "./image-watch.ts";

function watching(look: () => Promise<string | undefined>, mend: () => Promise<void>) {
  const told: string[] = [];
  const time = { now: 0 };
  const clock = { ...systemClock, now: () => time.now };
  return { told, time, watch: createImageWatch({ clock, look, mend, warn: (text) => void told.push(text) }) };
}

test("an undamaged image is read at most once a minute, however many machines end", async () => {
  let reads = 0;
  const { watch, time, told } = watching(
    async () => {
      reads++;
      return undefined;
    },
    () => assert.fail("it is mended"),
  );
  for (let n = 0; n < 100; n++) await watch.suspect();
  assert.equal(reads, 1);
  time.now = 60_000;
  await watch.suspect();
  assert.equal(reads, 2);
  watch.refuse();
  assert.deepEqual(told, []);
});

test("once damage is found no machine starts, until the image is repaired", async () => {
  const mended = Promise.withResolvers<void>();
  const { watch, told } = watching(
    async () => "its root is short",
    () => mended.promise,
  );
  watch.refuse();
  await watch.suspect();
  assert.equal(watch.damage(), "its root is short");
  assert.throws(() => watch.refuse(), /is damaged \(its root is short\); it is being built anew/);
  mended.resolve();
  await new Promise(setImmediate);
  assert.equal(watch.damage(), undefined);
  watch.refuse();
  assert.deepEqual(
    told.map((text) => /is damaged|put right/.exec(text)?.[0]),
    ["is damaged", "put right"],
  );
});

test("if the image cannot be repaired, a start a minute later tries again", async () => {
  let attempts = 0;
  const { watch, time, told } = watching(
    async () => "its root is short",
    async () => {
      if (++attempts === 1) throw new Error("the disk is full");
    },
  );
  await watch.suspect();
  await new Promise(setImmediate);
  assert.throws(() => watch.refuse(), /could not be put right/);
  assert.equal(attempts, 1);
  assert.match(told[1]!, /no machine starts: the disk is full/);
  time.now = 60_000;
  assert.throws(() => watch.refuse(), /being built anew/);
  await new Promise(setImmediate);
  watch.refuse();
  assert.equal(attempts, 2);
});

test("an image that cannot be read does not count as damaged, and the server's log says so", async () => {
  const { watch, told } = watching(
    async () => {
      throw new Error("EMFILE");
    },
    () => assert.fail("it is mended"),
  );
  await watch.suspect();
  watch.refuse();
  assert.match(told.join(), /cannot be told.*EMFILE/);
});
