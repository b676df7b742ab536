import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { z } from "zod";
import { functionSchema, manifestSchema } from "./manifest.ts";

const text = readFileSync(join(import.meta.dirname, "../../../docs/manifest.md"), "utf8");

for (const [section, schema] of [
  ["## Keys", manifestSchema],
  ["## A function", functionSchema],
] as const) {
  const rows = rowsOf(section);
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: "input" });

  test(`docs/manifest.md, ${section.slice(3)}: lists every key and no other, in the order of the schema`, () => {
    assert.deepEqual(
      rows.map(({ key }) => key),
      Object.keys(properties),
    );
  });

  for (const { key, values, fallback } of rows) {
    const property = properties[key];
    if (typeof property !== "object") continue;
    test(`docs/manifest.md, ${section.slice(3)}: default and limits of ${key}`, () => {
      const wanted = property.default === undefined ? "" : `\`${JSON.stringify(property.default)}\``;
      assert.equal(fallback, required.includes(key) ? "required" : wanted);
      if (property.type === "integer") assert.ok(values.startsWith(`${property.minimum} to ${property.maximum}`), values);
    });
  }
}

test("docs/manifest.md: its example is a valid manifest", () => {
  const [, json = ""] = /```json\n([^`]*)```/.exec(text) ?? [];
  manifestSchema.parse(JSON.parse(json));
});

function rowsOf(section: string): { key: string; values: string; fallback: string }[] {
  const [, body = ""] = text.split(`${section}\n`);
  const table = body.split("\n\n").find((part) => part.trim().startsWith("|")) ?? "";
  return table
    .trim()
    .split("\n")
    .slice(2)
    .map((line) => {
      const [, key = "", values = "", fallback = ""] = line.split("|").map((cell) => cell.trim());
      return { key: key.replaceAll("`", ""), values, fallback };
    });
}
