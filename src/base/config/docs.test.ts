import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { z } from "zod";
import { variableOf } from "./environment.ts";
import { configSchema } from "./schema.ts";

const docs = readFileSync(new URL("../../../docs/configuration.md", import.meta.url), "utf8");
const properties = z.toJSONSchema(configSchema, { io: "input", unrepresentable: "any" }).properties ?? {};

/** The rows of the settings table: key (without its back ticks) → [variable, allowed, default]. */
const rows = new Map(
  docs
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) => line.split("|").map((cell) => cell.trim().replaceAll("`", "")))
    .map(([, key, variable, allowed, fallback]) => [key, { variable, allowed, fallback }]),
);

const leaves = leavesOf(properties);

function leavesOf(all: object): string[] {
  return Object.entries(all).flatMap(([key, { properties: nested }]: [string, { properties?: object }]) =>
    nested === undefined ? [key] : leavesOf(nested).map((inner) => `${key}.${inner}`),
  );
}

test("docs/configuration.md has a row for every setting and no other", () => {
  assert.deepEqual([...rows.keys()], leaves);
});

test("each row names the setting's environment variable", () => {
  for (const key of leaves) assert.equal(rows.get(key)?.variable, variableOf(key));
});

test("each row names the default and the allowed values", () => {
  for (const [key, property] of Object.entries(properties)) {
    const {
      default: fallback,
      enum: values,
      minimum,
    } = property as { default?: string | number | boolean | object; enum?: string[]; minimum?: number };
    if (fallback !== undefined && typeof fallback !== "object") assert.equal(rows.get(key)?.fallback, String(fallback), key);
    if (values) assert.equal(rows.get(key)?.allowed, values.join(", "), key);
    if (minimum !== undefined) assert.ok(rows.get(key)?.allowed?.startsWith(`${minimum} to `), key);
  }
});
