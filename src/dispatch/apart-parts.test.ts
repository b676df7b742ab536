import assert from "node:assert/strict";
import { test } from "node:test";
import { ApartParts } from "./apart-parts.ts";

test("a tenant id has one part of a revision, and another of another revision", () => {
  const parts = new ApartParts();
  const id = parts.add("shop", "r1", "a");
  assert.equal(parts.find("shop", "r1", "a"), id);
  assert.equal(parts.find("shop", "r2", "a"), undefined);
  assert.equal(parts.find("other", "r1", "a"), undefined);
  const ids = [id, parts.add("shop", "r2", "a"), parts.add("shop", "r1", "b"), parts.add("shop", "r1", "constructor")];
  assert.equal(new Set(ids).size, 4);
  assert.deepEqual(parts.of("shop"), ids.with(0, id));
  parts.remove(id, "shop");
  assert.equal(parts.find("shop", "r1", "a"), undefined);
});

test("of an app that has as many as it may, the one that was called least recently leaves, if it is idle", () => {
  const parts = new ApartParts();
  const [a, b] = ["a", "b"].map((key) => parts.add("shop", "r1", key));
  assert.equal(
    parts.leaving("shop", 3, () => true),
    null,
  );
  assert.equal(
    parts.leaving("shop", 2, () => true),
    a,
  );
  parts.find("shop", "r1", "a");
  assert.equal(
    parts.leaving("shop", 2, () => true),
    b,
  );
  assert.equal(
    parts.leaving("shop", 2, (part) => part === a),
    a,
  );
  assert.equal(
    parts.leaving("shop", 2, () => false),
    undefined,
  );
});

test("on a full server one of the app leaves that has most, whoever needs the place", () => {
  const parts = new ApartParts(4);
  const flood = ["a", "b", "c"].map((key) => parts.add("flood", "r1", key));
  parts.add("shop", "r2", "a");
  assert.equal(
    parts.leaving("shop", 100, () => true),
    flood[0],
  );
  assert.equal(
    parts.leaving("flood", 100, () => true),
    flood[0],
  );
  parts.removeApp("flood");
  assert.equal(
    parts.leaving("shop", 100, () => true),
    null,
  );
});

test("an idle one is found behind many that are in use", () => {
  const parts = new ApartParts();
  const ids = Array.from({ length: 100 }, (_, at) => parts.add("shop", "r1", String(at)));
  const isIdle = (part: string) => part === ids[99];
  const found = Array.from({ length: 7 }, () => parts.leaving("shop", 100, isIdle));
  assert.deepEqual(found, [undefined, undefined, undefined, undefined, undefined, undefined, ids[99]]);
});
