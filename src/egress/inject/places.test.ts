import assert from "node:assert/strict";
import { test } from "node:test";
import { type Place, Places } from "./places.ts";

function takeAll(places: Places, app: string): Place[] {
  const taken: Place[] = [];
  for (let place = places.take(app, "a.example"); place !== undefined; place = places.take(app, "a.example")) taken.push(place);
  return taken;
}

test("an app has so many places and no more, and others have their own", () => {
  const places = new Places();
  const taken = takeAll(places, "one");
  assert.equal(taken.length, 512);
  assert.ok(places.take("two", "a.example"));
  taken[7]!.leave();
  taken[7]!.leave();
  assert.equal(takeAll(places, "one").length, 1);
});

test("handshakes beyond a number wait until others are over, in turn, and those that left do not begin", () => {
  const places = new Places();
  const begun: number[] = [];
  const taken = Array.from({ length: 40 }, () => places.take("one", "a.example")!);
  for (const [at, place] of taken.entries()) place.begin(() => begun.push(at));
  const first = Array.from({ length: 32 }, (_, at) => at);
  assert.deepEqual(begun, first);
  taken[33]!.leave();
  taken[3]!.shaken();
  taken[3]!.shaken();
  assert.deepEqual(begun, [...first, 32]);
  taken[5]!.leave();
  assert.deepEqual(begun, [...first, 32, 34]);
  taken[3]!.leave();
  assert.deepEqual(begun, [...first, 32, 34]);
  let other = 0;
  places.take("two", "a.example")!.begin(() => other++);
  assert.equal(other, 1);
});

test("a server that does not answer does not keep the app from others, of which each may have two at once", () => {
  const places = new Places();
  const begun: string[] = [];
  const begin = (server: string) => {
    const place = places.take("one", server)!;
    place.begin(() => begun.push(server));
    return place;
  };
  const silent = Array.from({ length: 40 }, () => begin("silent.example"));
  assert.equal(begun.length, 32);
  const others = Array.from({ length: 3 }, () => begin("other.example"));
  assert.deepEqual(begun.slice(32), ["other.example", "other.example"]);
  begin("third.example");
  assert.deepEqual(begun.slice(34), ["third.example"]);
  others[0]!.shaken();
  assert.deepEqual(begun.slice(35), ["other.example"]);
  // There are still more than 32 in all.
  silent[0]!.shaken();
  assert.equal(begun.length, 36);
});
