import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { FakeClock } from "../../dispatch/testing/fake-clock.ts";
import { pacePrinted } from "./pace-printed.ts";

/** A source that always has more, and what of it was read. */
function endless(chunk: Buffer) {
  const clock = new FakeClock();
  const source = new PassThrough({ highWaterMark: 1 });
  let bytes = 0;
  source.on("data", (read: Buffer) => (bytes += read.length));
  pacePrinted(source, clock);
  /** How much is read while the clock stands still. */
  const read = async () => {
    const before = bytes;
    for (let n = 0; n < 1_000; n++) {
      if (source.writableLength < 2 * chunk.length) source.write(chunk);
      if (n % 10 === 0) await turn();
    }
    return bytes - before;
  };
  return { clock, source, read };
}

const MB = 1_048_576;

test("a machine that prints without end is read by the second, empty lines as if each were 65 bytes", async () => {
  for (const [what, chunk, most] of [
    ["long lines", Buffer.alloc(65_536, "a"), 8 * MB],
    ["empty lines", Buffer.alloc(65_536, "\n"), (8 * MB) / 65],
  ] as const) {
    const { clock, read } = endless(chunk);
    const first = await read();
    assert.ok(first >= 2 * most && first <= 2 * most + 2 * chunk.length, `${what}: ${first} bytes at once`);
    assert.equal(await read(), 0, what);
    await clock.advance(1_000);
    const next = await read();
    assert.ok(next > 0 && next <= most + 2 * chunk.length, `${what}: ${next} bytes after a second`);
  }
});

test("what is printed little by little is read at once", async () => {
  const { source } = endless(Buffer.alloc(1));
  for (let n = 0; n < 100; n++) {
    source.write("a line of some length\n".repeat(50));
    await turn();
    assert.deepEqual([source.isPaused(), source.readableLength], [false, 0]);
  }
});
