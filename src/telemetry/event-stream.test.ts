import { test } from "node:test";
import assert from "node:assert/strict";
import { EventStream } from "./event-stream.ts";
import type { PlatformEvent } from "./platform-event.ts";

const blank: PlatformEvent = { type: "machine-blank", at: 1, machine: "m-1", startMs: 2 };
const started: PlatformEvent = { type: "machine-started", at: 1, machine: "m-1", app: null };

test("a listener hears the events of the types that it names, until it stops listening", () => {
  const events = new EventStream({ now: () => 0 }, (error) => assert.fail(String(error)));
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
  const events = new EventStream({ now: () => now }, (error) => reported.push(error));
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
  const events = new EventStream({ now: () => 0 }, (error) => assert.fail(String(error)));
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
