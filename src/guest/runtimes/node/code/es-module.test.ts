import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { evaluateModule } from "./es-module.ts";

const writable = mkdtempSync(join(tmpdir(), "mayfly-task-"));
after(() => rmSync(writable, { recursive: true }));

for (const [folder, what] of [
  [join(writable, "task"), "can be written"],
  ["/dev/null/task", "cannot be written"],
] as const) {
  test(`a module with top-level await is evaluated if the task root ${what}`, async () => {
    const code = `import { join } from "node:path"; export default await Promise.resolve(join("a", "ü"));`;
    assert.equal(((await evaluateModule("main", code, folder)) as { default: string }).default, "a/ü");
    await assert.rejects(evaluateModule("main", `throw new Error("at load")`, folder), /at load/);
  });
}
