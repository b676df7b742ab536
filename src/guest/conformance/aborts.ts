/** The host wants no reply any more, because the caller went away or the time is up. */
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { setImmediate as immediate } from "node:timers/promises";
import { ResetCode } from "../../wire/protocol.ts";
import type { AgentAdapter, ConformanceFunction } from "./adapter.ts";
import { type Session, sharedSession, to } from "./session.ts";

export function describeAborts(adapter: AgentAdapter): void {
  const session = sharedSession(adapter, ["echo", "listens", "sleeps", "streams", "gate"]);
  afterEach(async () => assert.equal((await session().call(to("echo"))).status, 201, "the agent goes on"));

  for (const [name, code] of [
    ["a caller's going away", ResetCode.Cancelled],
    ["the deadline", ResetCode.Timeout],
  ] as const)
    test(`the handler hears of ${name}, and the stream is closed when it has settled`, async () => {
      const before = session().logs.length;
      const opened = open(session(), "listens");
      const news = (text: string) =>
        session()
          .logs.slice(before)
          .find((line) => line.text === text);
      await session().logged("listening");
      while (news("listening") === undefined) await session().host.ping();
      opened.request.reset(code, "no longer");
      await opened.closed;
      assert.equal(news("heard")?.stream, opened.request.stream);
      assert.deepEqual(opened.told, []);
    });

  test("a handler that hears of nothing goes on, and the stream is closed when it has settled", async () => {
    const opened = Array.from({ length: 10 }, () => open(session(), "sleeps", { ms: 100 }));
    for (const { request } of opened) request.reset(ResetCode.Cancelled, "");
    for (const { closed, told } of opened) {
      await closed;
      assert.deepEqual(told, []);
    }
  });

  test("a call that is cut off before its body is there is closed", async () => {
    const { request, closed, told } = open(session(), "echo", {}, false);
    request.write(Buffer.alloc(1_000));
    await session().host.ping();
    request.reset(ResetCode.Cancelled, "");
    await closed;
    assert.deepEqual(told, []);
  });

  test("a stream that waits for its reader is closed when the reader goes away", async () => {
    const { request, closed, got } = open(session(), "streams", { chunks: 1_000, bytes: 10_000 });
    while (got() < 65_536) await session().host.ping();
    request.reset(ResetCode.Cancelled, "");
    await closed;
  });

  test("a reply whose caller goes away at any moment, also at its very end, is closed", async () => {
    for (let round = 0; round < 20; round++) {
      const opened = Array.from({ length: 20 }, () => open(session(), "streams", { chunks: 3, bytes: 10 }));
      for (const [at, { request }] of opened.entries()) {
        for (let turns = at % 5; turns > 0; turns--) await immediate();
        request.reset(ResetCode.Cancelled, "");
      }
      await Promise.all(opened.map(({ closed }) => closed));
    }
  });

  test("frames for a stream that the agent has closed are ignored", async () => {
    const { request, closed } = open(session(), "listens", {}, false);
    request.reset(ResetCode.Cancelled, "");
    await closed;
    const { host } = session();
    const sinkless = session().open({}, to("echo"), false);
    sinkless.write(Buffer.from("the begin"));
    sinkless.reset(ResetCode.Cancelled, "");
    sinkless.write(Buffer.from("too late"));
    sinkless.end();
    await host.ping();
  });
}

function open(session: Session, name: ConformanceFunction, parameters = {}, end = true) {
  const closed = Promise.withResolvers<void>();
  const told: string[] = [];
  let got = 0;
  const request = session.open(
    {
      head: (status, _headers, body) => {
        told.push(`head ${status}`);
        got += body.length;
      },
      data: (chunk) => void (got += chunk.length),
      end: () => void told.push("end"),
      reset: (code) => void told.push(`reset ${code}`),
      closed: () => closed.resolve(),
    },
    to(name, parameters),
    end,
  );
  return { request, told, got: () => got, closed: closed.promise };
}
