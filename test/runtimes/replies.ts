/** What a runtime does for an invocation that goes well: its app's files and variables, its replies, and its log. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../../src/base/clock/until.ts";
import type { LogLine } from "../../src/doors/admin/client.ts";
import type { AppUnderTest } from "./app-under-test.ts";

/** @param onOsv whether the kernel has no such paths */
export function describeReplies(app: () => AppUnderTest, onOsv: boolean): void {
  test("greets, with a file and a variable of its own, and its line belongs to the invocation", async () => {
    const response = await app().call("greets", "?name=Ada");
    assert.deepEqual([response.status, await response.text()], [200, "Hello, Ada, in green!\n"]);
    const id = response.headers.get("x-mayfly-invocation")!;
    const { function: name, level } = await app().line(/^greeting Ada$/, { invocation: id });
    assert.deepEqual([name, level], ["greets", "info"]);
    assert.deepEqual(new Set((await app().machines()).map(({ kind }) => kind?.runtime)), new Set([app().subject.machines]));
  });

  test("a reply that streams begins before it is whole", async () => {
    const response = await app().call("streams");
    const pieces = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    const more = async () => {
      const { done, value = "" } = await pieces.read();
      text += value;
      return done;
    };
    while (text.length < "first".length) assert.equal(await more(), false);
    assert.equal(text, "first");
    assert.equal(await app().text("streams", "/open"), "opened");
    while (!(await more()));
    assert.equal(text, "firstsecond");
  });

  test("lines of invocations at the same time belong to their own", async () => {
    const words = Array.from({ length: 12 }, (_, n) => `word${n}`);
    const ids = await Promise.all(
      words.map(async (word) => {
        const response = await app().call("prints", `?word=${word}`);
        assert.equal(await response.text(), "printed\n");
        return response.headers.get("x-mayfly-invocation");
      }),
    );
    for (const [at, word] of words.entries())
      for (const part of ["begin", "end"]) {
        const { function: name, invocation } = await app().line(new RegExp(`^${part} ${word}\\b`));
        assert.deepEqual([name, invocation], ["prints", ids[at]], `${part} ${word}`);
      }
  });

  if (!onOsv)
    test("what is written to its outputs by their paths, and not by its runtime, is in the log", async () => {
      assert.equal(await app().text("misbehaves", "?do=paths"), "behaved\n");
      for (const word of ["output", "errors"]) await app().line(new RegExp(`^written to the path of ${word}$`));
    });

  test("many invocations wait at once in few machines", async () => {
    await app().text("waits");
    const replies = await Promise.all(Array.from({ length: 60 }, () => app().text("waits")));
    assert.deepEqual(new Set(replies), new Set(["waited\n"]));
    const machines = await app().machines();
    assert.ok(machines.length <= 10, `${machines.length} machines`);
  });
}

export function describeAborts(app: () => AppUnderTest, has: (name: "hears" | "expires") => boolean): void {
  if (has("hears"))
    test("is told when its caller goes away, and goes on", async () => {
      const invocation = await callAndLeave(app());
      assert.equal((await app().line(/^heard$/, { invocation })).function, "hears");
      await app().behaves();
    });

  if (has("expires"))
    test("is told when its time is up, and its machine lives on", async () => {
      const { invocation, machine } = await expired(app());
      assert.equal((await app().line(/^heard$/, { invocation })).machine, machine);
      await app().behaves();
      assert.ok((await app().machines()).some(({ id }) => id === machine));
    });
}

/** Calls the function, and goes away when it listens. Returns the invocation's id. */
async function callAndLeave(app: AppUnderTest): Promise<string | undefined> {
  const controller = new AbortController();
  const gone = assert.rejects(app.call("hears", "", { signal: controller.signal }), { name: "AbortError" });
  const { invocation } = await app.line(/^listening$/, { function: "hears" });
  controller.abort();
  await gone;
  return invocation;
}

/** Calls the function until one of its invocations had begun before its time was up, which on a busy host the first may not. Returns its first line. */
async function expired(app: AppUnderTest): Promise<LogLine> {
  const attempt = async () => {
    const { status, id } = await app.fails("expires");
    assert.equal(status, 504);
    return (await app.lines()).find(({ invocation, text }) => invocation === id && text === "listening");
  };
  return until(attempt, { what: "an invocation that listens when its time is up", ms: 60_000 });
}
