import assert from "node:assert/strict";
import { test } from "node:test";
import { Shares } from "./shares.ts";

/** How much the holder gets, one after the other, until it is refused. */
function takeAll(shares: Shares, holder: string): number {
  let taken = 0;
  while (shares.take(holder, 1)) taken += 1;
  return taken;
}

test("one that takes all it can leaves a quarter to others, and two leave a seventh", () => {
  const shares = new Shares(700);
  assert.equal(takeAll(shares, "one"), 525);
  const other = takeAll(shares, "other");
  assert.ok(other > 125 && shares.left > 40, `${other} ${shares.left}`);
  assert.ok(shares.take("third", 40));
  assert.ok(!shares.take("one", 1));
});

test("what is given back is there for others, and nothing is kept of who holds nothing", () => {
  const shares = new Shares(8);
  assert.ok(shares.take("one", 6) && !shares.take("one", 1));
  assert.ok(!shares.take("other", 3) && shares.take("other", 2));
  shares.give("one", 6);
  shares.give("other", 2);
  assert.equal(shares.left, 8);
  assert.equal(takeAll(shares, "third"), 6);
});

test("what goes from one holder to another counts for that one, or stays where it was", () => {
  const shares = new Shares(8);
  assert.ok(shares.take("one", 2) && shares.take("two", 3));
  assert.ok(shares.move("one", "two", 2));
  assert.equal(shares.left, 3);
  assert.ok(!shares.move("two", "bounded", 2, 1 / 8));
  shares.give("two", 5);
  assert.equal(shares.left, 8);
});

test("the only place there is can be taken, and a holder may be bounded to a part", () => {
  const shares = new Shares(1);
  assert.ok(shares.take("one", 1) && !shares.take("other", 1));
  assert.ok(!new Shares(0).take("one", 1));
  const more = new Shares(80);
  assert.ok(more.take("stranger", 10, 1 / 8) && !more.take("stranger", 1, 1 / 8) && more.take("one", 50));
});
