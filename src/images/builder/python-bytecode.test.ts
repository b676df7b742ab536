import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { loadConfig } from "../../base/config/load.ts";
import { afterwards } from "../../base/testing/afterwards.ts";
import { layPythonBytecode } from "./python-bytecode.ts";
import { RootDraft } from "./root-draft.ts";

test("the Python files of the named folders are compiled, wherever the draft lies with the same bytes; one that is no Python 3 stays as it is, and links lead to files of the image alone", async (t) => {
  const compiled = async () => {
    const folder = mkdtempSync(join(tmpdir(), "mayfly-draft-"));
    afterwards(t, () => rmSync(folder, { recursive: true }));
    const draft = await RootDraft.open(join(folder, "root"));
    for (const [path, text] of [
      ["/lib/one.py", "def double(x):\n    return 2 * x\n"],
      ["/lib/old.py", 'print "two"\n'],
      ["/other/two.py", "x = 1\n"],
    ] as const)
      await draft.file(path, "module", { data: Buffer.from(text) }, false);
    // The first is a file of this host's that the image does not have.
    writeFileSync(join(folder, "host.py"), "secret = 1\n");
    for (const [name, target] of [
      ["host", join(folder, "host.py")],
      ["nothing", "/nowhere/nothing.py"],
      ["linked", "/other/two.py"],
    ] as const)
      await draft.symlink(`/lib/${name}.py`, target, "module");
    await layPythonBytecode(draft, ["/lib"], "module", loadConfig({}).cacheDir);
    assert.deepEqual(
      draft.paths().filter((path) => path.endsWith(".pyc")),
      ["/lib/__pycache__/linked.cpython-311.pyc", "/lib/__pycache__/one.cpython-311.pyc"],
    );
    return readFileSync(join(draft.dir, "lib/__pycache__/one.cpython-311.pyc"));
  };
  const first = await compiled();
  assert.ok((await compiled()).equals(first));
  assert.ok(first.includes("/lib/one.py"), "errors name the file's path in the image");
});
