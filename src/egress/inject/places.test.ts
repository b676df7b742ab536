import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { FakeClock } from "../../dispatch/testing/fake-clock.ts";
import { type Place, Places } from "./places.ts";

const never = () => assert.fail("it is held back");

function takeAll(places: Places, app: string): Place[] {
  const taken: Place[] = [];
  for (let place = places.take(app, "a.example"); place !== undefined; place = places.take(app, "a.example")) taken.push(place);
  return taken;
}

test("an app has so many places and no more, and others have their own", () => {
  const places = new Places(new FakeClock());
  const taken = takeAll(places, "one");
  assert.equal(taken.length, 512);
  assert.ok(places.take("two", "a.example"));
  taken[7]!.leave();
  taken[7]!.leave();
  assert.equal(takeAll(places, "one").length, 1);
});

test("handshakes beyond a number wait until others are over, in turn, and those that left do not begin", () => {
  const places = new Places(new FakeClock());
  const begun: number[] = [];
  const taken = Array.from({ length: 40 }, () => places.take("one", "a.example")!);
  for (const [at, place] of taken.entries()) place.begin(() => begun.push(at), never);
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
  places.take("two", "a.example")!.begin(() => other++, never);
  assert.equal(other, 1);
});

test("a server that does not answer does not keep the app from others, of which each may have two at once", () => {
  const places = new Places(new FakeClock());
  const begun: string[] = [];
  const begin = (server: string) => {
    const place = places.take("one", server)!;
    place.begin(() => begun.push(server), never);
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

describe("an app that begins many handshakes", () => {
  function opening() {
    const clock = new FakeClock();
    const places = new Places(clock);
    const begun: number[] = [];
    const late: number[] = [];
    /** A connection whose handshakes are over as soon as they have begun. */
    const open = (at: number, app = "one") => {
      const place = places.take(app, "a.example")!;
      const start = () => {
        begun.push(at);
        place.shaken();
      };
      place.begin(start, () => late.push(at));
      return place;
    };
    return { clock, begun, late, open };
  }
  const numbers = (count: number) => Array.from({ length: count }, (_, at) => at);

  test("may begin 100 at once and 25 more each second; others wait for their turn, and it is told", async () => {
    const { clock, begun, late, open } = opening();
    const places = numbers(180).map((at) => open(at));
    assert.deepEqual([begun, late], [numbers(100), numbers(180).slice(100)]);
    open(1_000, "two");
    assert.equal(begun.pop(), 1_000);
    await clock.advance(1_000);
    assert.deepEqual(begun, numbers(125));
    places[130]!.leave();
    await clock.advance(10_000);
    assert.deepEqual(begun, numbers(180).filter((at) => at !== 130)); // prettier-ignore
  });

  test("gets no more by closing them", async () => {
    const { clock, begun, open } = opening();
    for (const at of numbers(300)) open(at).leave();
    assert.deepEqual(begun, numbers(100));
    await clock.advance(10_000);
    assert.equal(begun.length, 100);
    for (const at of numbers(300)) open(at).leave();
    assert.equal(begun.length, 200);
  });
});
