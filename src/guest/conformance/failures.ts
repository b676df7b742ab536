/** How a function can fail, and what the host is told of it. None of this harms the machine. */
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { LogLevel, ResetCode } from "../../wire/protocol.ts";
import type { AgentAdapter } from "./adapter.ts";
import { event, sharedSession, to } from "./session.ts";

export function describeFailures(adapter: AgentAdapter): void {
  const session = sharedSession(adapter, ["echo", "same", "throws", "broken", "midway", "unspeakable", "replies"]);
  afterEach(async () => assert.equal((await session().call(to("echo"))).status, 201, "the agent goes on"));

  test("a handler that throws resets its request, and its stack is in the log of its invocation before that", async () => {
    for (let time = 0; time < 3; time++) {
      const reply = await session().call(to("throws"));
      assert.equal(reply.reset?.code, ResetCode.FunctionThrew);
      assert.match(reply.reset.message, /thrown on purpose/);
      const lines = session().logs.filter(({ stream }) => stream === reply.stream);
      assert.deepEqual([...new Set(lines.map(({ level }) => level))], [LogLevel.Error]);
      const text = lines.map((line) => line.text).join("\n");
      assert.match(text, /thrown on purpose/);
      assert.match(text, /deeper/);
    }
  });

  test("a handler that throws answers an event with the error as a document, and logs it", async () => {
    const reply = await session().call(event("throws", "{}"));
    assert.deepEqual([reply.status, reply.headers, reply.reset], [500, {}, null]);
    const { errorType, errorMessage, trace } = JSON.parse(reply.text) as { errorType: string; errorMessage: string; trace: string[] };
    assert.equal(errorMessage, "thrown on purpose");
    assert.notEqual(errorType, "");
    assert.match(trace.join("\n"), /deeper/);
    assert.ok(session().logs.some(({ stream, text }) => stream === reply.stream && text.includes("deeper")));
  });

  test("an event that is not JSON fails its invocation, not the machine", async () => {
    const reply = await session().call(event("same", "{no json"));
    assert.deepEqual([reply.status, reply.reset], [500, null]);
    assert.ok("errorMessage" in (JSON.parse(reply.text) as object));
  });

  test("code that cannot be loaded resets every call with its own code, and the stack is in the log of each", async () => {
    for (const call of [to("broken"), event("broken", "{}"), to("broken")]) {
      const reply = await session().call(call);
      assert.equal(reply.reset?.code, ResetCode.FunctionLoadFailed);
      assert.match(reply.reset.message, /not loadable/);
      const line = session().logs.find(({ stream, text }) => stream === reply.stream && text.includes("not loadable"));
      assert.equal(line?.level, LogLevel.Error);
    }
  });

  test("a function that the app has not is not found", async () => {
    for (const name of ["nobody", "constructor", "__proto__", "__class__", ""]) {
      const { reset } = await session().call({ function: name });
      assert.equal(reset?.code, ResetCode.FunctionNotFound, name);
    }
  });

  test("a stream that fails midway is cut off after what was written", async () => {
    for (const call of [to("midway"), event("midway", "{}")]) {
      const reply = await session().call(call);
      assert.deepEqual([reply.status, reply.text, reply.reset?.code], [200, "some", ResetCode.FunctionThrew]);
      assert.ok(session().logs.some(({ stream, text }) => stream === reply.stream && text.includes("midway")));
    }
  });

  test("a result that JSON cannot hold resets its event", async () => {
    assert.equal((await session().call(event("unspeakable", "{}"))).reset?.code, ResetCode.BadResponse);
  });

  for (const [what, parameters] of Object.entries({
    "a status that is none": { status: 99, times: 0 },
    "a status of a reply that only informs": { status: 103, times: 0 },
    "a name that is no token": { status: 200, name: "x y", value: "1", length: 1, times: 1 },
    "a value with a line's end": { status: 200, name: "x", value: "a\nb", length: 1, times: 1 },
    "a value with a NUL": { status: 200, name: "x", value: "\0", length: 1, times: 1 },
    "a value that is not of ISO 8859-1": { status: 200, name: "x", value: "€", length: 1, times: 1 },
    "more headers than HTTP heads may have here": { status: 200, name: "x", value: "1", length: 1, times: 300 },
    "a head that is too long": { status: 200, name: "x", value: "1", length: 70_000, times: 1 },
  }))
    test(`a reply with ${what} is no response`, async () => {
      const reply = await session().call(to("replies", parameters));
      assert.equal(reply.reset?.code, ResetCode.BadResponse, JSON.stringify([reply.status, reply.headers]).slice(0, 200));
    });
}
