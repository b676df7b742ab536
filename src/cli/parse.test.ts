import assert from "node:assert/strict";
import { test } from "node:test";
import { parseBytes, parseVariable } from "./parse.ts";

test("a variable is given with its value, which may hold anything, or taken from the environment", () => {
  assert.deepEqual(parseVariable("A=b=c\nd", { X: "1" }), { X: "1", A: "b=c\nd" });
  assert.deepEqual(parseVariable("EMPTY="), { EMPTY: "" });
  assert.deepEqual(parseVariable("PATH"), { PATH: process.env["PATH"] });
  for (const bad of ["", "=x", "1A=x", "A-B=x", "MAYFLY_TEST_NOT_SET"]) assert.throws(() => parseVariable(bad), /NAME=value/, bad);
});

test("sizes are bytes, or have a unit", () => {
  assert.deepEqual(["512", "64K", "64m", "2G", "1T"].map(parseBytes), [512, 65_536, 67_108_864, 2 ** 31, 2 ** 40]);
  for (const bad of ["", "-1", "1.5G", "2GB", "big"]) assert.throws(() => parseBytes(bad), /number of bytes/, bad);
});
