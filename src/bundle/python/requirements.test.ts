/** What pip is given by packages and files that nobody trusts, and what a deploy leaves behind. */
import { inMemory } from "../testing/in-memory.ts";
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { makeWheel } from "../../../test/wheel.ts";
import { until } from "../../base/clock/until.ts";
import { cacheFolder } from "../../base/config/load.ts";
import { listening } from "../../base/testing/listening.ts";
import { bundleApp } from "../bundle-app.ts";
import { guestPython } from "./guest-python.ts";
import { pipInstall } from "./pip.ts";

const made: string[] = [];
after(() => made.forEach((folder) => rmSync(folder, { recursive: true })));

/** An app that requires the package, of which a wheel with these files lies in its folder. */
function appWith(name: string, files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-requires-"));
  made.push(folder);
  mkdirSync(join(folder, "wheels"));
  makeWheel(join(folder, "wheels"), name, "1.0", files);
  writeFileSync(join(folder, "requirements.txt"), `--no-index\n--find-links wheels\n${name}\n`);
  writeFileSync(join(folder, "main.py"), "def handler(event, context): pass\n");
  writeFileSync(join(folder, "mayfly.json"), JSON.stringify({ name: "app", runtime: "python", functions: { main: { entry: "main.py" } } }));
  return folder;
}

const pathsOf = async (folder: string) => {
  const { bundles } = await bundleApp(folder);
  return Buffer.from(inMemory(bundles).at(-1)!.code).toString("latin1");
};
const leftOvers = () => readdirSync(join(cacheFolder(), "pip")).filter((name) => name !== "http");

test("a wheel writes nothing outside of its folder, and a deploy leaves nothing in the cache", async () => {
  const outside = `mayfly-evil-${process.pid}`;
  for (const path of [
    `../${outside}`,
    `../../../../../../../tmp/${outside}`,
    `/tmp/${outside}`,
    `evil-1.0.data/data/../../../../${outside}`,
  ]) {
    const folder = appWith("evil", { "evil.py": "", [path]: "x" });
    await assert.rejects(bundleApp(folder), { code: "packages-not-installed" }, path);
    for (const place of [join("/tmp", outside), join(cacheFolder(), outside), join(cacheFolder(), "pip", outside), join(folder, outside)])
      assert.ok(!existsSync(place), place);
  }
  assert.deepEqual(leftOvers(), []);
});

test("what a wheel would run or install elsewhere does not travel", async () => {
  const scripts = "tool-1.0.data/scripts/tool";
  const listing = await pathsOf(
    appWith("tool", { "tool.py": "answer = 42", "tool.pth": "import os; os._exit(9)", [scripts]: "#!python\n" }),
  );
  assert.ok(listing.includes("site-packages/tool.py"));
  assert.ok(!listing.includes("site-packages/bin"));
});

test("packages are compiled, to the same bytes each time, and tell their place in machines; what is no Python 3 stays as it is", async () => {
  const files = { "good/__init__.py": 'names = {"a", "b"}\n', "good/old.py": 'print "no Python 3"\n' };
  const [first, second] = [await pathsOf(appWith("good", files)), await pathsOf(appWith("good", files))];
  assert.ok(first.includes("site-packages/good/__pycache__/__init__.cpython-311.pyc"));
  assert.ok(first.includes("/var/task/site-packages/good/__init__.py"));
  assert.ok(first.includes("site-packages/good/old.py") && !first.includes("old.cpython-311"));
  assert.ok(first === second);
});

test("what a deploy left that was killed is removed by the next", async () => {
  const ended = spawnSync("true").pid;
  const left = join(cacheFolder(), "pip", `.draft-${ended}-abcdef`);
  mkdirSync(join(left, "site-packages"), { recursive: true });
  await pathsOf(appWith("plain", { "plain.py": "" }));
  assert.ok(!existsSync(left));
});

test("what a program would build or fetch is refused, and nothing of it runs", async () => {
  const folder = appWith("plain", { "plain.py": "" });
  const mark = join(folder, "mark");
  mkdirSync(join(folder, "own"));
  writeFileSync(join(folder, "own/pyproject.toml"), '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n');
  writeFileSync(join(folder, "own/backend.py"), `open(${JSON.stringify(mark)}, "w").close()\n`);
  for (const line of ["./own", "-e ./own", "git+file:///nowhere/at/all"]) {
    writeFileSync(join(folder, "requirements.txt"), `--no-index\n--no-binary :all:\n${line}\n`);
    const message = /a folder, a repository .*; nothing of a package runs at a deploy: build a wheel/;
    await assert.rejects(bundleApp(folder), { code: "packages-not-installed", message }, line);
    assert.ok(!existsSync(mark), line);
  }
  assert.deepEqual(leftOvers(), []);
});

test("settings of the user's for other installations and another Python change nothing", async (t) => {
  const app = () => appWith("same", { "same/__init__.py": "'''Text'''\nassert True\n" });
  const expected = await pathsOf(app());
  assert.ok(expected.includes("__init__.cpython-311.pyc"));
  const prefix = mkdtempSync(join(tmpdir(), "mayfly-prefix-"));
  made.push(prefix);
  const settings = { PIP_USER: "1", PIP_REQUIRE_VIRTUALENV: "1", PYTHONOPTIMIZE: "2", PYTHONPYCACHEPREFIX: prefix };
  t.after(() => Object.keys(settings).forEach((name) => delete process.env[name]));
  Object.assign(process.env, settings);
  assert.ok((await pathsOf(app())) === expected);
});

test("hidden files of a package travel, and requirements.txt may name no package", async () => {
  const folder = appWith("hidden", { "hidden/__init__.py": "", "hidden/.libs/libx.so": "x" });
  assert.ok((await pathsOf(folder)).includes("site-packages/hidden/.libs/libx.so"));
  writeFileSync(join(folder, "requirements.txt"), "# none yet\n");
  assert.ok(!(await pathsOf(folder)).includes("site-packages"));
});

test("requirements.txt may have what pip knows: files in it, constraints, extras, markers, hashes, paths of wheels, Windows' line ends", async () => {
  const folder = appWith("greeter", { "greeter_1.py": "" });
  const wheels = join(folder, "wheels");
  makeWheel(wheels, "greeter", "1.5", { "greeter_15.py": "" }, { requires: ['more; extra == "all"\nProvides-Extra: all'] });
  makeWheel(wheels, "greeter", "2.0", { "greeter_2.py": "" });
  for (const name of ["more", "apart"]) makeWheel(wheels, name, "1.0", { [`${name}.py`]: "" });
  mkdirSync(join(folder, "requirements"));
  writeFileSync(join(folder, "requirements/limits.txt"), "greeter<2\n");
  const base = `\ufeff--no-index\r\n--find-links wheels\r\n-c limits.txt\r\ngreeter[all] \\\r\n  >=1.0  # a comment\r\nnever; sys_platform == "win32"\r\nold ; python_version < "3.8"\r\n`;
  writeFileSync(join(folder, "requirements/base.txt"), base);
  writeFileSync(join(folder, "requirements.txt"), "-r requirements/base.txt\n./wheels/apart-1.0-py3-none-any.whl\n");
  const listing = await pathsOf(folder);
  for (const module of ["greeter_15", "more", "apart"]) assert.ok(listing.includes(`site-packages/${module}.py`), module);
  for (const module of ["greeter_1.py", "greeter_2"]) assert.ok(!listing.includes(`site-packages/${module}`), module);

  const sha256 = createHash("sha256")
    .update(readFileSync(join(wheels, "apart-1.0-py3-none-any.whl")))
    .digest("hex");
  const hashed = (hash: string) =>
    writeFileSync(join(folder, "requirements.txt"), `--no-index\n--find-links wheels\napart==1.0 --hash=sha256:${hash}\n`);
  hashed(sha256);
  assert.ok((await pathsOf(folder)).includes("site-packages/apart.py"));
  hashed("0".repeat(64));
  await assert.rejects(bundleApp(folder), { code: "packages-not-installed", message: /DO NOT MATCH THE HASHES/ });
});

test("dependencies that only a project's build finds are refused", async () => {
  const folder = appWith("plain", { "plain.py": "" });
  rmSync(join(folder, "requirements.txt"));
  writeFileSync(join(folder, "pyproject.toml"), '[project]\nname = "app"\ndynamic = ["version", "dependencies"]\n');
  await assert.rejects(bundleApp(folder), {
    code: "packages-not-installed",
    message: /found by the project's build.*write them into project\.dependencies/,
  });
});

test("a version that is not there is told with those that are, and an index that cannot be reached as such", async () => {
  const folder = appWith("greeter", { "greeter.py": "" });
  const refused = (requirements: string, message: RegExp) => {
    writeFileSync(join(folder, "requirements.txt"), requirements);
    return assert.rejects(bundleApp(folder), { code: "packages-not-installed", message });
  };
  await refused("--no-index\n--find-links wheels\ngreeter==3\n", /no wheel of greeter==3 .*; found were 1\.0: what has to be compiled/);
  await refused("--no-index\n--find-links wheels\n--require-hashes\ngreeter==1.0\n", /Hashes are required .* greeter==1\.0 --hash=sha256:/);
  // Nothing listens on this port.
  await refused(
    "--index-url http://127.0.0.1:1/simple\nnowhere-to-be-found\n",
    /index of packages cannot be reached for nowhere-to-be-found: .*refused/,
  );
});

test("pip is killed when its time is over, which is told with what to do", async (t) => {
  // An index that takes every connection, and never answers.
  const server = createServer((socket) => socket.on("error", () => undefined).resume());
  const port = await listening(server);
  t.after(() => server.close());
  const folder = mkdtempSync(join(tmpdir(), "mayfly-pip-"));
  made.push(folder);
  const failed = await pipInstall(await guestPython({ cacheDir: cacheFolder(), progress: () => undefined }), {
    root: folder,
    folder,
    target: join(folder, "site-packages"),
    cache: join(folder, "http"),
    words: ["--index-url", `http://127.0.0.1:${port}/simple`, "greeter"],
    signal: new AbortController().signal,
    limitMs: 6_000,
  });
  assert.match(failed ?? "", /^pip had not ended after 0\.1 minutes, and was killed: deploy again, .*PIP_INDEX_URL, .*--find-links$/);
  const connections = () => new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count)));
  await until(async () => (await connections()) === 0, { what: "the end of pip's connections" });
});

test("a project for another Python than the machines' is warned of, and deployed nevertheless", async () => {
  const folder = appWith("plain", { "plain.py": "" });
  rmSync(join(folder, "requirements.txt"));
  const warnings = async (asked: string) => {
    writeFileSync(join(folder, "pyproject.toml"), `[project]\nname = "x"\nversion = "1"\nrequires-python = "${asked}"\n`);
    return (await bundleApp(folder)).warnings;
  };
  assert.match(
    (await warnings(">=3.12")).join("\n"),
    /^requires-python of pyproject\.toml is >=3\.12, and machines have Python 3\.11\.\d+:/,
  );
  assert.match((await warnings("new")).join("\n"), /^requires-python of pyproject\.toml is new, which says no versions$/);
  for (const asked of [">=3.9,<4", "~=3.11", "==3.11.*"]) assert.deepEqual(await warnings(asked), [], asked);
});
