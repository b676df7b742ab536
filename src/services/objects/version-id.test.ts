import assert from "node:assert/strict";
import { test } from "node:test";
import { isVersionId, newVersionId, timeOfVersion } from "./version-id.ts";

test("an id tells when its version was written, and sorts by it", () => {
  const times = [0, 1, 1_780_000_000_000, 101_559_956_668_415];
  const ids = times.map(newVersionId);
  assert.deepEqual(ids.map(timeOfVersion), times);
  assert.deepEqual(ids.toSorted(), ids);
});

test("ids of one moment differ, and can stand in a URL as they are", () => {
  const ids = Array.from({ length: 1_000 }, () => newVersionId(1_780_000_000_000));
  assert.equal(new Set(ids).size, ids.length);
  for (const id of ids) assert.match(id, /^[A-Za-z0-9]{32}$/);
});

test("what was not made here is no id: another text, a longer or shorter one, or one with a changed character", () => {
  const id = newVersionId(1_780_000_000_000);
  assert.ok(isVersionId(id));
  for (let at = 0; at < id.length; at++) {
    const changed = id.slice(0, at) + (id[at] === "a" ? "b" : "a") + id.slice(at + 1);
    // Of 14 million wrong ids one is taken for right.
    assert.ok(!isVersionId(changed), changed);
    assert.equal(timeOfVersion(changed), undefined);
  }
  for (const other of [
    "",
    "null ",
    id.slice(1),
    `${id}a`,
    id.toUpperCase(),
    "3/L4kqtJlcpXroDTDmJ+rmSpXd3dIbrHY+MTRCxf3vjVBH40Nr8X8gdRQBpUMLUo",
  ])
    assert.ok(!isVersionId(other), other);
});

test("the version of a bucket without versions is always known, and has no time", () => {
  assert.ok(isVersionId("null"));
  assert.equal(timeOfVersion("null"), undefined);
});
