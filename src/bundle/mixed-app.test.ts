/** Apps whose functions are of several runtimes. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { afterwards } from "../base/testing/afterwards.ts";
import { filesBundle, readFileList } from "../store/catalog/app-files.ts";
import { bundleApp } from "./bundle-app.ts";
import { mergeParts } from "./merge-parts.ts";
import type { Manifest } from "../store/catalog/manifest.ts";
import { type UploadBundle, UnreadFiles } from "../store/catalog/unread-files.ts";

function folder(t: TestContext, manifest: object, files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), "mayfly-mixed-"));
  t.after(() => rmSync(root, { recursive: true }));
  for (const [path, text] of Object.entries({ ...files, "mayfly.json": JSON.stringify({ name: "shop", ...manifest }) })) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

const node = "export const handler = async () => 'hello';";
const python = "def handler(event, context):\n    return 'hello'\n";

const sizeOf = (code: UploadBundle["code"]) => (code instanceof UnreadFiles ? code.size : code.byteLength);
const filesOf = (bundles: UploadBundle[]) => readFileList(bytesOf(bundles.at(-1)!.code));
const bytesOf = (code: UploadBundle["code"]) =>
  code instanceof UnreadFiles ? Buffer.concat(Array.from(code.pieces(), (piece) => Buffer.from(piece))) : Buffer.from(code);

test("each function is bundled by its runtime, in the manifest's order, and the app's files are one bundle", async (t) => {
  const functions = {
    report: { entry: "report.py", runtime: "python" },
    page: { entry: "page.mjs" },
    site: { command: ["node", "server.mjs"], runtime: "server" },
  };
  const files = { "report.py": python, "page.mjs": node, "server.mjs": 'import "./part.mjs";', "part.mjs": "", "views/a.txt": "a" };
  const { bundles, files: told } = await bundleApp(folder(t, { functions, files: ["views/**"] }, files));
  assert.deepEqual(
    bundles.map(({ function: name, format, code }) => [name, format, sizeOf(code) > 0]),
    [
      ["report", "python", false],
      ["page", "cjs", true],
      ["site", "server", false],
      ["", "files", true],
    ],
  );
  const paths = filesOf(bundles).map(([path]) => path);
  assert.deepEqual(paths, ["part.mjs", "report.py", "server.mjs", "views/a.txt"]);
  assert.deepEqual([told.count, told.named], [4, ["part.mjs", "server.mjs"]]);
});

test("a deploy warns of servers whose machines are copies of one and cannot be seeded anew, and of no other function", async (t) => {
  const site = { command: ["python3", "server.py"], runtime: "server" };
  const files = { "page.mjs": node, "server.mjs": "", "server.py": "" };
  const warningsOf = async (own: object) => {
    const functions = { page: { entry: "page.mjs", snapshot: true }, site: { ...site, ...own } };
    return (await bundleApp(folder(t, { functions }, files))).warnings;
  };
  assert.match((await warningsOf({ snapshot: true })).join(), /^functions\.site: with `snapshot` .* SIGCONT/);
  assert.deepEqual(await warningsOf({}), []);
  assert.deepEqual(await warningsOf({ snapshot: true, command: ["node", "server.mjs"] }), []);
});

test("npm packages are for the functions that can have them, and refused where none can", async (t) => {
  const files = {
    "report.py": python,
    "page.mjs": node,
    "node_modules/own/package.json": '{"name":"own","version":"1.0.0"}',
    "node_modules/own/index.js": "",
  };
  const functions = { report: { entry: "report.py", runtime: "python" }, page: { entry: "page.mjs" } };
  const { bundles } = await bundleApp(folder(t, { functions, external: ["own"] }, files));
  const paths = filesOf(bundles).map(([path]) => path);
  assert.deepEqual(paths, ["node_modules/own/index.js", "node_modules/own/package.json", "report.py"]);
  const refused = folder(t, { functions: { report: functions.report }, external: ["own"] }, files);
  await assert.rejects(bundleApp(refused), { code: "bad-manifest", message: /external names npm packages/ });
});

test("an entry is checked by its function's runtime", async (t) => {
  const wrong = folder(
    t,
    { functions: { page: { entry: "page.mjs" }, report: { entry: "page.mjs", runtime: "python" } } },
    { "page.mjs": node },
  );
  await assert.rejects(bundleApp(wrong), { code: "bad-manifest", message: /functions\.report\.entry .*runs files that end with \.py/ });
});

/** What is bundled of a part with one file. @param from where it is on this host, if it is large */
function partWith(content: Uint8Array, { executable = false, from }: { executable?: boolean; from?: string } = {}) {
  const { code, ...bundle } = filesBundle([{ path: "a", content, executable }]);
  if (from !== undefined) writeFileSync(from, content);
  const unread = from && new UnreadFiles([{ path: "a", content: { from, bytes: content.byteLength }, executable }]);
  return {
    bundles: [{ ...bundle, code: unread || code }],
    warnings: ["a warning"],
    files: { count: 1, bytes: content.byteLength, named: ["a"] },
  };
}

const merged = async (...parts: ReturnType<typeof partWith>[]) =>
  mergeParts(parts, { functions: {} } as unknown as Manifest, "mayfly.json");

test("two parts may bring the same file, executable if one needs it so, but not different files of one path", async () => {
  const [x, y] = [Buffer.from("x"), Buffer.from("y")];
  const same = await merged(partWith(x), partWith(x, { executable: true }));
  assert.deepEqual(filesOf(same.bundles), [["a", 1, true]]);
  assert.deepEqual([same.warnings, same.files], [["a warning"], { count: 1, bytes: 1, named: ["a"] }]);
  await assert.rejects(merged(partWith(x), partWith(y)), { code: "bad-manifest", message: /file a, and these files differ/ });
});

test("large files are compared and merged without being read into memory, and closed again", async (t) => {
  const dir = mkdtempSync(join(tmpdir(), "mayfly-mixed-"));
  afterwards(t, () => rmSync(dir, { recursive: true }));
  const content = Buffer.alloc(3 << 20, "large");
  const large = partWith(content, { from: join(dir, "one") });
  const same = await merged(large, large);
  assert.ok(same.bundles[0]!.code instanceof UnreadFiles);
  assert.ok(
    bytesOf(same.bundles[0]!.code)
      .subarray(-content.length)
      .every((byte, at) => byte === content[at]),
  );
  for (const at of [0, content.length - 1]) {
    const other = Buffer.from(content);
    other.write("?", at);
    await assert.rejects(merged(large, partWith(other, { from: join(dir, "other") })), {
      code: "bad-manifest",
      message: /these files differ/,
    });
  }
  const open = readdirSync("/proc/self/fd").map((fd) => readlinkOf(join("/proc/self/fd", fd)));
  assert.deepEqual(
    open.filter((path) => path.startsWith(dir)),
    [],
  );
});

/** Empty if it is closed meanwhile. */
function readlinkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}
