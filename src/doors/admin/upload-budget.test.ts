import assert from "node:assert/strict";
import { test } from "node:test";
import { UPLOAD_BYTES, UploadBudget } from "./upload-budget.ts";

const full = { code: "too-many-uploads" };

test("an upload takes its declared length from the start, and gives it back once, however often it ends", () => {
  const budget = new UploadBudget(100);
  const first = budget.begin(60);
  first.add(60);
  assert.throws(() => budget.begin(41), full);
  const second = budget.begin(40);
  assert.equal(budget.left, 0);
  for (let times = 0; times < 2; times += 1) first.end();
  assert.equal(budget.left, 60);
  second.end();
  assert.equal(budget.left, 100);
});

test("an upload of undeclared length takes what arrives, and is refused where nothing is left", () => {
  const budget = new UploadBudget(100);
  const upload = budget.begin(0);
  upload.add(70);
  assert.equal(budget.left, 30);
  assert.throws(() => upload.add(31), full);
  upload.end();
  assert.equal(budget.left, 100);
  const large = new UploadBudget(Infinity).begin(0);
  large.add(UPLOAD_BYTES);
  assert.throws(() => large.add(1), { code: "code-too-large" });
});
