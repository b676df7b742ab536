import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../dispatch/testing/fake-clock.ts";
import { LogLimiter } from "./log-limiter.ts";
import { LogLevel } from "./protocol.ts";

const LINE = Buffer.concat([Buffer.from([LogLevel.Info]), Buffer.alloc(10_000, "x")]);

function setUp() {
  const clock = new FakeClock();
  const notices: { text: string; after: number }[] = [];
  let kept = 0;
  const limiter = new LogLimiter((_stream, level, text) => {
    if (level === LogLevel.Platform) notices.push({ text, after: kept });
    else kept++;
  }, clock);
  const counts = () => notices.map(({ text }) => Number(/^Dropped (\d+) log lines?: /.exec(text)?.[1]));
  return { clock, limiter, notices, counts, kept: () => kept };
}

test("an ongoing flood is reported once a second, not between its lines, and the reported counts add up to what was dropped", async () => {
  const { clock, limiter, counts, kept } = setUp();
  for (let step = 0; step < 500; step++) {
    for (let n = 0; n < 10; n++) limiter.line(0, LINE, false);
    await clock.advance(10);
  }
  limiter.close();
  assert.ok(counts().length >= 4 && counts().length <= 6, `${counts().length} notices in five seconds`);
  assert.equal(counts().reduce((sum, count) => sum + count, 0) + kept(), 5_000);
});

test("what was dropped right before the end is reported at the end, once", async () => {
  const { clock, limiter, notices, kept } = setUp();
  for (let n = 0; n < 1_000; n++) limiter.line(0, LINE, false);
  assert.equal(notices.length, 0);
  limiter.close();
  limiter.close();
  await clock.advance(5_000);
  assert.equal(notices.length, 1);
  assert.equal(notices[0]!.text, `Dropped ${1_000 - kept()} log lines: this machine logs more than 1 MiB a second.`);
});
