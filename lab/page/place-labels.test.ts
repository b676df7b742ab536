import assert from "node:assert/strict";
import { test } from "node:test";
import { placeLabels } from "./place-labels.ts";

test("a label stands to the right of its point, or to the left if the point is at the right edge", () => {
  const [middle, edge] = placeLabels(
    [
      { x: 50, y: 50, label: "one" },
      { x: 198, y: 50, label: "two" },
    ],
    200,
    100,
  );
  assert.ok(middle!.dx > 0 && middle!.dy === 0);
  assert.ok(edge!.dx < 0);
});

test("labels of points at the same place do not overlap, and labels without room are left out", () => {
  const places = placeLabels(
    Array.from({ length: 40 }, (_, at) => ({ x: 100, y: 50, label: `policy ${at}` })),
    200,
    100,
  );
  const placed = places.filter((place) => place !== undefined);
  assert.ok(placed.length > 4 && placed.length < 40);
  assert.equal(new Set(placed.map(({ dx, dy }) => `${Math.sign(dx)} ${dy}`)).size, placed.length);
});
