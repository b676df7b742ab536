import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { afterwards } from "../base/testing/afterwards.ts";
import { parseManifest } from "../store/catalog/parse-manifest.ts";
import { withDotEnv } from "./dot-env.ts";

const manifest = parseManifest(
  JSON.stringify({ name: "shop", functions: { api: { entry: "api.ts" } }, secrets: ["KEY"], env: { A: "own", B: "own" } }),
  "mayfly.json",
);

test("a file .env has variables and secrets, and what is none is refused in words, and neither read nor waited for", (t) => {
  const dir = mkdtempSync(join(tmpdir(), "mayfly-env-"));
  afterwards(t, () => rmSync(dir, { recursive: true }));
  const file = join(dir, ".env");
  assert.deepEqual(withDotEnv(manifest, dir), { manifest, secrets: new Map() });
  writeFileSync(file, `A=1\nKEY="s3"\n# a comment\nconstructor=x\n`);
  const { manifest: own, secrets } = withDotEnv(manifest, dir);
  assert.deepEqual([{ ...own.env }, [...secrets]], [{ A: "1", B: "own", constructor: "x" }, [["KEY", "s3"]]]);
  const wrong: [make: () => void, RegExp][] = [
    [() => writeFileSync(file, "2=3\n"), /2 is no name of a variable/],
    [() => writeFileSync(file, "__proto__=3\n"), /__proto__ is no name of a variable/],
    [() => writeFileSync(file, `A=${"x".repeat(262_144)}`), /it has 262146 bytes, and at most 262144 are read/],
    [() => mkdirSync(file), /it is no file/],
    [() => void execFileSync("mkfifo", [file]), /it is no file/],
  ];
  for (const [make, message] of wrong) {
    rmSync(file, { recursive: true, force: true });
    make();
    assert.throws(() => withDotEnv(manifest, dir), { code: "bad-manifest", message });
  }
});
