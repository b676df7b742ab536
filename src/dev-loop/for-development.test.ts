import assert from "node:assert/strict";
import { test } from "node:test";
import { parseManifest } from "../store/catalog/parse-manifest.ts";
import { withBlank } from "./for-development.ts";

test("a machine is kept started for apps whose kind no server keeps any of, unless none can be or more are", () => {
  const blanks = (more: object) => {
    const manifest = { name: "shop", functions: { api: { entry: "api.py" } }, ...more };
    return withBlank(parseManifest(JSON.stringify(manifest), "mayfly.json")).reservedBlanks;
  };
  assert.equal(blanks({ functions: { api: { entry: "api.ts" } } }), 0);
  assert.equal(blanks({ functions: { api: { entry: "api.ts" } }, memoryMb: 512 }), 1);
  assert.equal(blanks({ runtime: "python" }), 1);
  assert.equal(blanks({ runtime: "java", functions: { api: { entry: "Api.java", handler: "Api" } } }), 1);
  assert.equal(blanks({ runtime: "python", reservedBlanks: 3 }), 3);
  assert.equal(blanks({ runtime: "python", snapshot: true }), 0);
});
