import { test } from "node:test";
import assert from "node:assert/strict";
import { kindOf, usualChoice } from "../base/kind/machine-kind.ts";
import { EventStream } from "./event-stream.ts";
import type { PlatformEvent } from "./platform-event.ts";

const facts = { at: 1, machine: "m-1", app: null, ageMs: 0, invocations: 0 };
const blank: PlatformEvent = { type: "machine-blank", ...facts, startMs: 2 };
const started = {
  type: "machine-started",
  ...facts,
  neededBy: null,
  kind: kindOf(usualChoice, "linux"),
  why: { kind: "blanks", wanted: 1 },
} as const;
const noTimers = { now: () => 0, after: () => assert.fail("no timer is needed") };

test("a listener hears the events of the types that it names, until it stops listening", () => {
  const events = new EventStream(noTimers, (error) => assert.fail(String(error)));
  const heard: string[] = [];
  const end = events.listen({ "machine-blank": ({ machine }) => heard.push(`first ${machine}`) });
  const endSecond = events.listen({ "machine-blank": ({ startMs }) => heard.push(`second ${startMs}`) });
  events.tell(blank);
  events.tell(started);
  end();
  events.tell(blank);
  assert.deepEqual(heard, ["first m-1", "second 2", "second 2"]);
  assert.deepEqual([events.hears("machine-blank"), events.hears("machine-started")], [true, false]);
  endSecond();
  assert.equal(events.hears("machine-blank"), false);
});

test("an error of a listener reaches neither the other listeners nor the sender, and is reported at most once a minute", () => {
  let now = 0;
  const reported: unknown[] = [];
  const events = new EventStream({ ...noTimers, now: () => now }, (error) => reported.push(error));
  let heard = 0;
  events.listen({
    "machine-blank": () => {
      throw new Error(`at ${now}`);
    },
  });
  events.listen({ "machine-blank": () => (heard += 1) });
  for (now of [0, 1, 59_999, 60_000, 60_001]) events.tell(blank);
  assert.equal(heard, 5);
  assert.deepEqual(reported.map(String), ["Error: at 0", "Error: at 60000"]);
});

test("a listener that stops listening, or adds another, while an event is delivered does not change who gets that event", () => {
  const events = new EventStream(noTimers, (error) => assert.fail(String(error)));
  const heard: string[] = [];
  const end = events.listen({
    "machine-blank": () => {
      heard.push("once");
      end();
      events.listen({ "machine-blank": () => heard.push("later") });
    },
  });
  events.listen({ "machine-blank": () => heard.push("always") });
  events.tell(blank);
  assert.deepEqual(heard, ["once", "always"]);
  events.tell(blank);
  assert.deepEqual(heard, ["once", "always", "always", "later"]);
});

test("an event is read-only, with all records in it: no listener changes what another one, or the sender, sees", () => {
  const reported: unknown[] = [];
  const events = new EventStream(noTimers, (error) => reported.push(error));
  const why = { kind: "blanks", wanted: 1 } as const;
  const seen: unknown[] = [];
  events.listen({
    "machine-started": (event) => {
      (event as { machine: string }).machine = "another";
    },
  });
  events.listen({
    "machine-started": (event) => {
      (event.why as { kind: string }).kind = "another";
    },
  });
  events.listen({ "machine-started": ({ machine, why: { kind } }) => seen.push(machine, kind) });
  events.tell({ ...started, type: "machine-started", why });
  assert.deepEqual(seen, ["m-1", "blanks"]);
  assert.equal(why.kind, "blanks");
  assert.match(String(reported[0]), /read only property 'machine'/);
});

test("an async listener that rejects reaches nobody, and is reported like one that throws", async () => {
  const reported: unknown[] = [];
  const events = new EventStream(noTimers, (error) => reported.push(error));
  events.listen({ "machine-blank": () => Promise.reject(new Error("too late")) });
  events.tell(blank);
  events.tell(blank);
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(reported.map(String), ["Error: too late"]);
});
