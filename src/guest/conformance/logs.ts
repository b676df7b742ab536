/** What functions print is in the log, under the invocation that printed it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { LogLevel } from "../../wire/protocol.ts";
import type { AgentAdapter } from "./adapter.ts";
import { event, sharedSession, to } from "./session.ts";

export function describeLogs(adapter: AgentAdapter): void {
  const session = sharedSession(adapter, ["prints", "counts"]);

  test("what many calls at once print, some in pieces, is logged under each of them, before its reply", async () => {
    const words = Array.from({ length: 60 }, (_, at) => `word${at}`);
    const replies = await Promise.all(
      words.map(async (word, at) => {
        const reply = await session().call(to("prints", { word, ms: (at * 7) % 40 }));
        const lines = session().logs.filter(({ stream }) => stream === reply.stream);
        return lines.map(({ level, text }) => [level, text]);
      }),
    );
    const expected = words.map((word) => [
      [LogLevel.Info, `begin-${word}`],
      [LogLevel.Error, `end-${word}`],
    ]);
    assert.deepEqual(replies, expected);
  });

  test("what code prints while it is loaded belongs to the app, not to the call that came first", async () => {
    await session().call(event("counts"));
    assert.equal((await session().logged("at load")).stream, 0);
  });

  test("a line that is longer than a frame arrives whole", async () => {
    const word = "ü".repeat(9_000);
    const reply = await session().call(to("prints", { word, ms: 0 }));
    const lines = session().logs.filter(({ stream }) => stream === reply.stream);
    assert.deepEqual(
      lines.map(({ text }) => text),
      [`begin-${word}`, `end-${word}`],
    );
  });
}
