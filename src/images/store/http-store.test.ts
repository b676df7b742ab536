import assert from "node:assert/strict";
import { type ServerResponse, createServer } from "node:http";
import { test } from "node:test";
import { type Clock, systemClock } from "../../base/clock/clock.ts";
import { createHttpStore } from "./http-store.ts";
import { listening } from "../../base/testing/listening.ts";

/** A clock that the test controls. `waits` returns the current timeout, and what happens if it expires. */
function toldClock(): { clock: Clock; waits: () => { ms: number; late: () => void } | undefined; changed: () => Promise<void> } {
  let current: { ms: number; late: () => void } | undefined;
  let tell = Promise.withResolvers<void>();
  const after: Clock["after"] = (ms, late) => {
    const mine = (current = { ms, late });
    tell.resolve();
    tell = Promise.withResolvers();
    return () => (current === mine ? (current = undefined) : undefined);
  };
  return { clock: { ...systemClock, after }, waits: () => current, changed: () => tell.promise };
}

async function serving(t: { after(cleanUp: () => void): void }, answer: (response: ServerResponse) => void): Promise<string> {
  const server = createServer((_request, response) => answer(response));
  const port = await listening(server);
  t.after(() => (server.closeAllConnections(), server.close()));
  return `http://127.0.0.1:${port}/`;
}

test("a store that sends slowly has all the time that it takes: each part that comes gives it the whole of the silence again", async (t) => {
  const { clock, waits, changed } = toldClock();
  const answered = Promise.withResolvers<ServerResponse>();
  const place = await serving(t, (response) => {
    response.writeHead(200, { "content-length": 5 }).flushHeaders();
    answered.resolve(response);
  });
  const read = createHttpStore(place, clock).read("chunk", 100);
  const response = await answered.promise;
  for (const part of "stead") {
    const heard = changed();
    response.write(part);
    await heard;
    assert.equal(waits()?.ms, 30_000);
  }
  response.end();
  assert.equal((await read)?.toString(), "stead");
  assert.equal(waits(), undefined);
});

test("a store that falls silent in the middle is given up, and asked again", async (t) => {
  const { clock, waits } = toldClock();
  const heard: ServerResponse[] = [];
  const asked = Promise.withResolvers<void>();
  const place = await serving(t, (response) => {
    heard.push(response);
    response.writeHead(200, { "content-length": 5 });
    if (heard.length > 1) response.end("whole");
    else {
      response.write("wh");
      asked.resolve();
    }
  });
  const read = createHttpStore(place, clock).read("chunk", 100);
  await asked.promise;
  while (waits() === undefined) await new Promise((resolve) => setImmediate(resolve));
  waits()!.late();
  assert.equal((await read)?.toString(), "whole");
  assert.equal(heard.length, 2);
});

test("an upload has more time by its size", async (t) => {
  const { clock, waits } = toldClock();
  const seen: (number | undefined)[] = [];
  const place = await serving(t, (response) => {
    seen.push(waits()?.ms);
    response.writeHead(201).end();
  });
  await createHttpStore(place, clock).write("chunk", Buffer.alloc(819_200));
  assert.deepEqual(seen, [130_000]);
});
