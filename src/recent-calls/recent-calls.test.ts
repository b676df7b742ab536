import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { FakeClock } from "../dispatch/testing/fake-clock.ts";
import type { Dispatcher, InvocationHandle, InvocationReply, InvocationRequest } from "../dispatch/invocation.ts";
import { EventStream } from "../telemetry/event-stream.ts";
import { RecentCalls } from "./recent-calls.ts";

interface Taken {
  request: InvocationRequest;
  reply: InvocationReply;
  written: string[];
  ended: boolean;
  aborted: boolean;
}

let clock: FakeClock;
let events: EventStream;
let taken: Taken[];
let calls: RecentCalls;
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

beforeEach(() => {
  clock = new FakeClock();
  events = new EventStream(clock, (error) => assert.fail(String(error)));
  taken = [];
  const dispatcher: Dispatcher = {
    dispatch(request, reply): InvocationHandle {
      const call: Taken = { request, reply, written: [], ended: false, aborted: false };
      taken.push(call);
      return {
        id: request.id!,
        write: (chunk) => call.written.push(String(chunk)) < 2,
        end: () => (call.ended = true),
        consumed: () => undefined,
        usedMb: () => 0,
        abort: () => (call.aborted = true),
      };
    },
  };
  calls = new RecentCalls({ dispatcher, events, clock, bootId: "boot" });
});

const silent: InvocationReply = {
  head: () => undefined,
  data: () => undefined,
  end: () => undefined,
  fail: () => undefined,
  drain: () => undefined,
};

function requestOf(body: InvocationRequest["body"], more: Partial<InvocationRequest> = {}): InvocationRequest {
  const input = { kind: "http", event: "http-v2", method: "PUT", url: "http://host/a?b=1", headers: ["x", "y"] } as const;
  const trace = { traceparent: "", tracestate: "" };
  return {
    app: "a1",
    appName: "shop",
    function: "api",
    timeoutMs: 1_000,
    attempt: 1,
    trace,
    input: { ...input, headers: ["x", "y"] },
    body,
    ...more,
  };
}

function ended(invocation: string, app = "a1"): void {
  const spans = { queue: 0, start: 0, bind: 0, run: 3 };
  const about = { at: 5, invocation, app, function: "api", machine: "m1", appGone: false, revision: "r1", memoryMb: 256, branch: null };
  events.tell({
    type: "invocation-ended",
    ...about,
    outcome: "replied",
    details: null,
    status: 200,
    spans,
    slotMs: 3,
    requestBytes: 1,
    replyBytes: 2,
    kind: "http",
    attempt: 1,
    source: null,
    traceparent: "",
    recorded: null,
  });
}

test("a call runs in the next turn, and one that comes while its app is held runs at its release, in order", async () => {
  calls.dispatch(requestOf(null), silent);
  assert.equal(taken.length, 0);
  await turn();
  assert.equal(taken.length, 1);
  // Told of a save in the same turn in which the call came.
  calls.dispatch(requestOf(Buffer.from("1")), silent);
  calls.hold("a1", 10_000);
  calls.dispatch(requestOf(Buffer.from("2")), silent);
  calls.dispatch(requestOf(null, { app: "other" }), silent);
  await turn();
  assert.deepEqual(
    taken.map(({ request: { app } }) => app),
    ["a1", "other"],
  );
  calls.release("a1");
  assert.deepEqual(
    taken.slice(2).map(({ request: { body } }) => String(body)),
    ["1", "2"],
  );
  calls.dispatch(requestOf(null), silent);
  await turn();
  assert.equal(taken.length, 5);
});

test("a hold ends by itself, and later the longer it was renewed", async () => {
  calls.hold("a1", 1_000);
  calls.dispatch(requestOf(null), silent);
  await turn();
  await clock.advance(900);
  calls.hold("a1", 1_000);
  await clock.advance(900);
  assert.equal(taken.length, 0);
  await clock.advance(100);
  assert.equal(taken.length, 1);
});

test("the body of a call that waits follows when it runs, and one whose caller went away never runs", async () => {
  calls.hold("a1", 1_000);
  let drained = 0;
  const handle = calls.dispatch(requestOf("stream"), { ...silent, drain: () => drained++ });
  const gone = calls.dispatch(requestOf(null), silent);
  await turn();
  assert.equal(handle.write(Buffer.from("one ")), false);
  gone.abort();
  calls.release("a1");
  assert.equal(taken.length, 1);
  assert.deepEqual([taken[0]!.written, drained, taken[0]!.ended], [["one "], 1, false]);
  handle.write(Buffer.from("two"));
  handle.end();
  assert.deepEqual([taken[0]!.written, taken[0]!.ended], [["one ", "two"], true]);
});

test("calls are told when they end, and replayed with what they were sent", async () => {
  const heard: string[] = [];
  const stop = calls.follow("a1", ({ method, path, status }) => heard.push(`${method} ${path} ${status}`));
  const handle = calls.dispatch(requestOf("stream", { attempt: 3, startMs: 9 }), silent);
  handle.write(Buffer.from("some "));
  handle.write(Buffer.from("body"));
  await turn();
  await assert.rejects(calls.replay("a1", handle.id), { code: "no-such-call" });
  handle.end();
  ended(handle.id);
  ended("unknown", "other");
  assert.deepEqual(heard, ["PUT /a?b=1 200"]);
  assert.deepEqual(
    calls.of("a1").map(({ invocation }) => invocation),
    [handle.id],
  );
  stop();
  ended(handle.id);
  assert.equal(heard.length, 1);
  await assert.rejects(calls.replay("other", handle.id), { code: "no-such-call" });
  const replayed = calls.replay("a1", handle.id);
  await turn();
  const { request, reply } = taken.at(-1)!;
  assert.deepEqual([request.attempt, String(request.body), request.startMs], [1, "some body", undefined]);
  assert.notEqual(request.id, handle.id);
  reply.head(201, ["a", "b"], Buffer.from("ye"), false, { queue: 0, start: 0, bind: 0, run: 0 });
  reply.data(Buffer.from("s"));
  reply.end();
  const { body, status, headers, bytes } = await replayed;
  assert.deepEqual([String(body), status, headers, bytes], ["yes", 201, ["a", "b"], 3]);
  const failing = calls.replay("a1", handle.id);
  await turn();
  taken.at(-1)!.reply.fail("function-timeout", { function: "api", app: "shop", ms: 1 });
  await assert.rejects(failing, { code: "function-timeout" });
});

test("what is kept is bounded: in the size of a body, the number of calls, and the size of all bodies", async () => {
  const large = calls.dispatch(requestOf(Buffer.alloc(4_194_305)), silent);
  await assert.rejects(calls.replay("a1", large.id), /too large/);
  const growing = calls.dispatch(requestOf("stream"), silent);
  for (let n = 0; n < 5; n++) growing.write(Buffer.alloc(1_048_576));
  growing.end();
  await assert.rejects(calls.replay("a1", growing.id), /too large/);
  const first = calls.dispatch(requestOf(Buffer.alloc(4_194_304)), silent);
  for (let n = 0; n < 8; n++) calls.dispatch(requestOf(Buffer.alloc(4_194_304)), silent);
  await assert.rejects(calls.replay("a1", first.id), /not among the last/);
  const second = calls.dispatch(requestOf(Buffer.from("x")), silent);
  ended(second.id);
  for (let n = 0; n < 500; n++) calls.dispatch(requestOf(null), silent);
  await assert.rejects(calls.replay("a1", second.id), /not among the last/);
  assert.deepEqual(calls.of("a1"), []);
});
