/** Real packages in a store of the test's own; the package lists come from the ordinary cache. */
import assert from "node:assert/strict";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { defaultCacheDir } from "../../base/config/folders.ts";
import { fetchDebianPackage, fetchPackageSet } from "./fetch-package.ts";
import type { PackageSet } from "./pins.ts";

const cacheDir = mkdtempSync(join(tmpdir(), "mayfly-packages-"));
const store = join(cacheDir, "packages/bookworm");
after(() => rmSync(cacheDir, { recursive: true }));

before(async () => {
  const usual = process.env["MAYFLY_CACHE_DIR"] ?? defaultCacheDir(process.env);
  // Downloads the package lists if there are none.
  await fetchDebianPackage({ suite: "bookworm", name: "hello", cacheDir: usual });
  mkdirSync(join(store, ".apt"), { recursive: true });
  for (const name of ["lists", "sources.list"])
    cpSync(join(usual, "packages/bookworm/.apt", name), join(store, ".apt", name), { recursive: true });
});

const set: PackageSet = { suite: "bookworm", closures: [{ packages: ["hello"], without: ["libc6"] }], single: ["libgcc-s1"] };
const steps: string[] = [];
const fetchSet = () => fetchPackageSet(set, { cacheDir, progress: (step) => steps.push(step) });
const pinFile = () => join(store, "pins", readdirSync(join(store, "pins"))[0]!);

test("packages are resolved, downloaded and unpacked, with the modes of images", async () => {
  const { closures, single } = await fetchSet();
  assert.deepEqual(
    closures.map((closure) => closure.map(({ name }) => name)),
    [["hello"]],
  );
  assert.equal(single["libgcc-s1"]!.name, "libgcc-s1");
  const program = join(closures[0]![0]!.dir, "usr/bin/hello");
  assert.equal(statSync(program).mode & 0o7777, 0o555);
  assert.match(closures[0]![0]!.sha256, /^[0-9a-f]{64}$/);
});

test("pinned packages in the cache need neither network nor apt", async () => {
  steps.length = 0;
  const sources = join(store, ".apt/sources.list");
  const text = readFileSync(sources, "utf8");
  writeFileSync(sources, "nonsense");
  const { closures } = await fetchSet();
  assert.ok(existsSync(closures[0]![0]!.dir));
  assert.deepEqual(steps, []);
  writeFileSync(sources, text);
});

test("a package that is not the one that was pinned is refused", async () => {
  const file = pinFile();
  const pins = readFileSync(file, "utf8");
  const { closures } = JSON.parse(pins) as { closures: { sha256: string; version: string }[][] };
  const { sha256, version } = closures[0]![0]!;
  rmSync(join(store, `hello_${version}`), { recursive: true });
  rmSync(file);
  writeFileSync(file, pins.replace(sha256, "0".repeat(64)));
  await assert.rejects(fetchSet(), /Debian's hello .* is not the one that was pinned/);
  assert.ok(!existsSync(join(store, `hello_${version}`)));
});

test("a version that the mirror no longer has is resolved anew", async () => {
  const file = pinFile();
  const pins = readFileSync(file, "utf8");
  const { closures } = JSON.parse(pins) as { closures: { version: string }[][] };
  rmSync(file);
  writeFileSync(file, pins.replace(closures[0]![0]!.version, "0.1-1"));
  steps.length = 0;
  const fetched = await fetchSet();
  assert.equal(fetched.closures[0]![0]!.version, closures[0]![0]!.version);
  assert.ok(steps.some((step) => step.startsWith("fetching new package lists")));
});
