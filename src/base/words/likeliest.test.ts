import assert from "node:assert/strict";
import { test } from "node:test";
import { likeliest } from "./likeliest.ts";

const keys = ["name", "memoryMb", "entry", "timeoutMs", "rate", "ips", "static", "env"];

for (const [given, meant] of [
  ["memory", "memoryMb"],
  ["memoryMB", "memoryMb"],
  ["entrypoint", "entry"],
  ["nme", "name"],
  ["timeout", "timeoutMs"],
  ["ip", "ips"],
  ["statics", "static"],
  ["constructor", undefined],
  ["x", undefined],
  ["", undefined],
] as const)
  test(`by "${given}" ${meant ?? "nothing"} is meant`, () => assert.equal(likeliest(given, keys), meant));
