import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { MayflyError, asMayflyError } from "./error.ts";
import { type ErrorEntry, errorTable } from "./table.ts";

const root = new URL("../../../", import.meta.url).pathname;
const entries = Object.entries(errorTable) as [string, ErrorEntry][];

/** Error code → the text of its section. */
const sections = new Map(
  readFileSync(`${root}docs/errors.md`, "utf8")
    .split(/^## /m)
    .slice(1)
    .map((section) => [section.slice(0, section.indexOf("\n")), section.slice(section.indexOf("\n")).trim()]),
);

const sources = globSync("src/**/*.ts", { cwd: root })
  .filter((file) => !file.endsWith(".test.ts") && !file.startsWith("src/base/errors/"))
  .map((file) => readFileSync(root + file, "utf8"));

test("docs/errors.md has a section for every code and no other", () => {
  assert.deepEqual([...sections.keys()].toSorted(), Object.keys(errorTable).toSorted());
});

test("each section begins with the code's status and side, and says more", () => {
  for (const [code, { status, side }] of entries) {
    assert.match(sections.get(code) ?? "", new RegExp(`^${status}, ${side}\\. \\S`), code);
  }
});

test("every code is used, and every code that is thrown is in the table", () => {
  for (const [code] of entries) {
    assert.ok(
      sources.some((source) => source.includes(`"${code}"`)),
      `${code} is used nowhere in src`,
    );
  }
  for (const source of sources) {
    for (const [, code] of source.matchAll(/new MayflyError\(\s*"([^"]+)"/g))
      assert.ok(Object.hasOwn(errorTable, code!), `${code} is not in the table`);
  }
});

test("codes, statuses and texts have one form", () => {
  for (const [code, { status, message, cure }] of entries) {
    assert.match(code, /^[a-z]+(-[a-z]+)*$/);
    assert.ok(status >= 400 && status <= 599, code);
    assert.match(message, /^[A-Z{].*\.$/, code);
    assert.ok(cure === "{cure}" || /[.]$/.test(cure), code);
  }
});

test("details fill the message and the cure; what is missing stays visible", () => {
  const error = new MayflyError("missing-part", { part: "QEMU", cure: "apt-get install it" });
  assert.equal(error.message, "This host lacks QEMU: {reason}.");
  assert.equal(error.cure, "apt-get install it");
});

test("a foreign error becomes internal, with the original as its cause", () => {
  const original = new TypeError("x is not a function");
  const error = asMayflyError(original);
  assert.deepEqual([error.code, error.cause, error.message], ["internal", original, "Mayfly failed: x is not a function."]);
  assert.equal(asMayflyError(error), error);
});

test("an error's body points to its section", () => {
  assert.deepEqual(new MayflyError("no-such-app", { app: "shop" }).body("i-1"), {
    error: {
      code: "no-such-app",
      message: "There is no app shop.",
      cure: "`mayfly list` shows the apps that are deployed.",
      docs: "docs/errors.md#no-such-app",
      id: "i-1",
    },
  });
});
