/** Java's archive of its compiler's classes: it is used, and nothing depends on it. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { loadConfig } from "../../base/config/load.ts";
import { afterwards } from "../../base/testing/afterwards.ts";
import { compilerArchiveFlags } from "./compiler-archive.ts";
import { fetchJava, javacCommand } from "./java-runtime.ts";

const { cacheDir } = loadConfig({});
const compiler = ["-m", "jdk.compiler/com.sun.tools.javac.Main"];

function run([program, ...words]: string[], more: string[]): string {
  return execFileSync(program!, [...words, ...more], { env: {}, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

test("the compiler takes its classes from the archive", async () => {
  const command = await javacCommand(await fetchJava(cacheDir));
  const loaded = run(command.filter((word) => word !== "-Xlog:disable").toSpliced(-2, 0, "-Xlog:class+load"), ["-version"]);
  assert.match(loaded, /com\.sun\.tools\.javac\.main\.Main source: shared objects file \(top\)/);
});

test("an archive that cannot be used is passed over without a word, and one that cannot be made is done without", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-archive-"));
  afterwards(t, () => rmSync(folder, { recursive: true }));
  const { command } = await fetchJava(cacheDir);
  assert.deepEqual(await compilerArchiveFlags(join(folder, "nowhere"), command, compiler), []);
  writeFileSync(join(folder, "javac.jsa"), "damaged");
  const flags = await compilerArchiveFlags(folder, command, compiler);
  assert.match(run([...command, ...flags, ...compiler], ["-version"]), /^javac 17[.\d]*\n$/);
});
