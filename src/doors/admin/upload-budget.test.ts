import assert from "node:assert/strict";
import { test } from "node:test";
import { ALL_UPLOADS_BYTES, UPLOAD_BYTES, UploadBudget } from "./upload-budget.ts";

const full = { code: "too-many-uploads" };

test("an upload takes its declared length from the start, and gives it back once, however often it ends", () => {
  const budget = new UploadBudget(100);
  const first = budget.begin("one", 60);
  first.add(60);
  assert.throws(() => budget.begin("one", 41), full);
  const second = budget.begin("one", 40);
  assert.equal(budget.left, 0);
  for (let times = 0; times < 2; times += 1) first.end();
  assert.equal(budget.left, 60);
  second.end();
  assert.equal(budget.left, 100);
});

test("an upload of undeclared length takes what arrives, and is refused where nothing is left", () => {
  const budget = new UploadBudget(100);
  const upload = budget.begin("one", 0);
  upload.add(70);
  assert.equal(budget.left, 30);
  assert.throws(() => upload.add(31), full);
  upload.end();
  assert.equal(budget.left, 100);
  const large = new UploadBudget(Infinity).begin("one", 0);
  large.add(UPLOAD_BYTES);
  assert.throws(() => large.add(1), { code: "code-too-large" });
});

test("a tenant that begins as many uploads as it can leaves room for another one's", () => {
  const budget = new UploadBudget(ALL_UPLOADS_BYTES);
  for (let n = 0; n < 3; n++) budget.begin("greedy", UPLOAD_BYTES);
  assert.throws(() => budget.begin("greedy", UPLOAD_BYTES), full);
  const other = budget.begin("other", UPLOAD_BYTES);
  other.end();
  budget.begin("other", 0).add(UPLOAD_BYTES);
});
