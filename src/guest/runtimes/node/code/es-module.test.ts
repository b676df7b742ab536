import assert from "node:assert/strict";
import { after, test } from "node:test";
import { evaluateModule } from "./es-module.ts";

const { TMPDIR } = process.env;
after(() => {
  if (TMPDIR === undefined) delete process.env["TMPDIR"];
  else process.env["TMPDIR"] = TMPDIR;
});

for (const folder of ["/tmp", "/nowhere/to/write"]) {
  test(`a module with top-level await is evaluated if temporary files go to ${folder}`, async () => {
    process.env["TMPDIR"] = folder;
    const code = `import { join } from "node:path"; export default await Promise.resolve(join("a", "ü"));`;
    assert.equal(((await evaluateModule("main", code)) as { default: string }).default, "a/ü");
    await assert.rejects(evaluateModule("main", `throw new Error("at load")`), /at load/);
  });
}
