import assert from "node:assert/strict";
import type { IncomingMessage } from "node:http";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { holderOf, strangers, unprovenHolder } from "./take-place.ts";
import { readBody } from "./read-body.ts";
import { Shares } from "../../clients/shares.ts";

const ROOM = 8_000;
/** Of those who wait for a body, each by what it calls when the time is over. */
const waiting = new Set<() => void>();
const clock = {
  after(_ms: number, callback: () => void) {
    waiting.add(callback);
    return () => void waiting.delete(callback);
  },
};

class Body extends PassThrough {
  readonly headers = {};

  get complete(): boolean {
    return this.readableEnded;
  }
}

/** Sends so many bytes of a body and goes on being connected. */
function sends(room: Shares, tenant: string | null, bytes: number, holder = tenant === null ? strangers : holderOf(tenant)) {
  const request = new Body();
  const noRoom = () => new Error("no room");
  const body = readBody(request as unknown as IncomingMessage, { holder, operation: "Invoke", most: ROOM, noRoom }, clock, room);
  // Bodies that stay unfinished are never awaited.
  body.catch(() => {});
  for (let sent = 0; sent < bytes; sent += 100) request.write(Buffer.alloc(100));
  return { request, body };
}

const arrived = () => new Promise((resolve) => void setImmediate(resolve));

test("whoever has no key fills an eighth of the room with bodies that do not end, and then is refused", async () => {
  const room = new Shares(ROOM);
  const { body } = sends(room, null, 1_500);
  await assert.rejects(body, /^Error: no room$/);
  for (let n = 0; n < 20; n++) sends(room, null, 100);
  await arrived();
  assert.equal(room.left, (ROOM * 7) / 8);
  const { request, body: own } = sends(room, "ten_alice", 4_000);
  request.end();
  const whole = await own;
  assert.equal(whole.bytes.length, 4_000);
  whole.release();
  assert.equal(room.left, (ROOM * 7) / 8);
});

test("a tenant that sends bodies without an end leaves room for another's, and gives its own back when it leaves", async () => {
  const room = new Shares(ROOM);
  const all = Array.from({ length: 80 }, () => sends(room, "ten_bob", 100));
  await arrived();
  assert.equal(room.left, ROOM / 4);
  const { request, body } = sends(room, "ten_alice", 1_500);
  request.end();
  assert.equal((await body).bytes.length, 1_500);
  for (const each of all) each.request.destroy();
  await Promise.allSettled(all.map((each) => each.body));
  assert.equal(room.left, ROOM - 1_500);
});

test("a body of nobody's does not take long, and one of a tenant's may", async () => {
  waiting.clear();
  const room = new Shares(ROOM);
  const { body } = sends(room, null, 100);
  sends(room, "ten_alice", 100);
  await arrived();
  assert.equal(waiting.size, 1);
  for (const over of waiting) over();
  await assert.rejects(body, /^Error: no room$/);
  assert.deepEqual([room.left, waiting.size], [ROOM - 100, 0]);
});

test("of an address whose signatures are not checked yet, half the room is left to others; a body counts for its tenant once that is known", async () => {
  const room = new Shares(ROOM);
  const unproven = unprovenHolder("192.0.2.1");
  const { body: tooMuch } = sends(room, "ten_bob", ROOM, unproven);
  await assert.rejects(tooMuch, /^Error: no room$/);
  for (let n = 0; n < 60; n++) sends(room, "ten_bob", 100, unproven);
  await arrived();
  assert.equal(room.left, ROOM / 2);
  const { request, body } = sends(room, "ten_bob", 1_000, unprovenHolder("192.0.2.2"));
  request.end();
  const whole = await body;
  assert.ok(whole.becomes(holderOf("ten_bob")));
  assert.equal(room.take("ten_bob", 1, 1 / 8), false, "it is among what the tenant has");
  whole.release();
  assert.equal(room.left, ROOM / 2);
});
