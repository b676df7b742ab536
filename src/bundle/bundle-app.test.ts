import assert from "node:assert/strict";
import { inMemory } from "./testing/in-memory.ts";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import type { Bundle } from "../store/catalog/catalog.ts";
import { revisionDigest } from "../store/catalog/revision-digest.ts";
import { bundleApp } from "./bundle-app.ts";

const hello = "export default { fetch: () => new Response('hello') };";
/** The smallest valid module: magic and version. */
const wasm = Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "mayfly-build-"));
  process.env["LAMBDA_TASK_ROOT"] = "/app";
});
afterEach(() => rmSync(dir, { recursive: true }));

describe("what a bundle holds", () => {
  test("TypeScript, its path aliases, JSON and text", async () => {
    write("tsconfig.json", { compilerOptions: { paths: { "@/*": ["./lib/*"] } } });
    write("lib/greet.ts", "export const greet = (name: string): string => `hello ${name}`;");
    write("data.json", { name: "ada" });
    write("page.html", "<p>");
    app(`import { greet } from "@/greet"; import data from "./data.json"; import page from "./page.html";
      export const handler = async (): Promise<string> => page + greet(data.name);`);
    const { handler } = (await load()) as { handler: () => Promise<string> };
    assert.equal(await handler(), "<p>hello ada");
  });

  test("WebAssembly and .bin files as bytes that compile", async () => {
    write("a.wasm", wasm);
    app('import bytes from "./a.wasm"; export const handler = async () => WebAssembly.compile(bytes);');
    const { handler } = (await load()) as { handler: () => Promise<unknown> };
    assert.equal(String(await handler()), "[object WebAssembly.Module]");
  });

  test("packages, with what they require of Node", async () => {
    pack("plain", 'const { EOL } = require("os"); module.exports = { EOL };');
    app('import { EOL } from "plain"; export const handler = () => EOL;');
    const { handler } = (await load()) as { handler: () => string };
    assert.equal(handler(), "\n");
  });

  test("an ES module where the code has top-level await, CommonJS packages included", async () => {
    pack("plain", 'module.exports = require("os").EOL;');
    app('import eol from "plain"; const later = await Promise.resolve(eol); export const handler = () => later;');
    assert.equal((await only()).format, "esm");
    const { handler } = (await load()) as { handler: () => string };
    assert.equal(handler(), "\n");
  });

  test("import.meta has the source's path below /app", async () => {
    app("export const handler = () => [import.meta.url, import.meta.filename, import.meta.dirname];");
    const { handler } = (await load()) as { handler: () => string[] };
    assert.deepEqual(handler(), ["file:///app/main.ts", "/app/main.ts", "/app"]);
  });

  test("an ES module's default and its handler, in strict mode, and no helpers of the bundler", async () => {
    app("function both() { return this === undefined; } export { both as default, both as handler, both as other };");
    const text = Buffer.from((await only()).code).toString();
    assert.match(text, /^"use strict";function both\(/);
    const { default: first, handler, other } = ((await load()) as { default: Record<string, () => boolean> }).default;
    assert.deepEqual([first?.(), handler?.(), other], [true, true, undefined]);
  });

  test("a CommonJS entry, whose exports nobody can know before it runs", async () => {
    write("mayfly.json", { name: "shop", functions: { main: { entry: "main.cjs" } } });
    write("main.cjs", "exports.handler = () => 7;");
    const { handler } = (await load()) as { handler: () => number };
    assert.equal(handler(), 7);
  });

  test("an entry that passes on all that a CommonJS module exports", async () => {
    write("old.cjs", "exports.handler = () => 7;");
    app('export * from "./old.cjs";');
    const loaded = (await load()) as { handler?: () => number; default?: { handler: () => number } };
    assert.equal((loaded.handler ?? loaded.default?.handler)?.(), 7);
  });

  test("a script whose name ends as an add-on's does, without its extension", async () => {
    write("store.node.ts", "export const handler = (): number => 7;");
    app('export { handler } from "./store.node";');
    const loaded = (await load()) as { handler?: () => number; default?: { handler: () => number } };
    assert.equal((loaded.handler ?? loaded.default?.handler)?.(), 7);
  });

  test("a map that leads from a stack to the user's own file and line, and names that are kept", async () => {
    app("interface Unused {\n  a: number;\n}\nexport function handler(): never {\n  throw new Error('boom');\n}");
    const { handler } = (await load()) as { handler: () => never };
    const [, line, column] = /handler .*:(\d+):(\d+)\)/.exec(stackOf(handler)) ?? assert.fail(stackOf(handler));
    const found = mapOf(await only()).findEntry(Number(line) - 1, Number(column) - 1);
    assert.partialDeepStrictEqual(found, { originalSource: "main.ts", originalLine: 4 });
  });
});

describe("the same sources", () => {
  test("give the same version, wherever their folder is", async () => {
    pack("plain", "module.exports = { a: 1 };");
    write("a.wasm", wasm);
    app('import { a } from "plain"; import b from "./a.wasm"; export const handler = () => [a, b, import.meta.url];');
    const first = await bundleApp(dir);
    const elsewhere = mkdtempSync(join(tmpdir(), "mayfly-build-"));
    cpSync(dir, join(elsewhere, "some/where/else"), { recursive: true });
    const second = await bundleApp(join(elsewhere, "some/where/else"));
    rmSync(elsewhere, { recursive: true });
    assert.equal(revisionDigest(first.manifest, inMemory(first.bundles)), revisionDigest(second.manifest, inMemory(second.bundles)));
  });
});

describe("a deploy refuses", () => {
  const refused = (code: string, message: RegExp) => assert.rejects(bundleApp(dir), { code, message });

  test("a folder without mayfly.json, or with one that is no JSON", async () => {
    await refused("bad-manifest", /no such file; `mayfly init` makes one/);
    write("mayfly.json", "{");
    await refused("bad-manifest", /it is not valid JSON/);
    await assert.rejects(bundleApp(join(dir, "mayfly.json")), {
      code: "bad-manifest",
      message: `${join(dir, "mayfly.json")} is not valid: it is a file, and the folder that has mayfly.json is wanted.`,
    });
  });

  test("a folder of static files that is not there, and a fallback that is not in it", async () => {
    write("mayfly.json", JSON.stringify({ name: "site", static: "public/", fallback: "index.html" }));
    await refused("bad-manifest", /static is "public\/", but there is no such folder/);
    write("public/home.html", "home");
    await refused("bad-manifest", /fallback is "index\.html", but there is no such file in public\//);
    write("mayfly.json", JSON.stringify({ name: "site", fallback: "index.html", functions: { main: { entry: "main.ts" } } }));
    await refused("bad-manifest", /fallback is "index\.html", but cannot be without static/);
  });

  test("a mayfly.json in UTF-16; one in UTF-8 may begin with a byte order mark", async () => {
    app(hello);
    const text = JSON.stringify({ name: "marked", functions: { main: { entry: "main.ts" } } });
    write("mayfly.json", Buffer.from(`\ufeff${text}`));
    assert.equal((await bundleApp(dir)).manifest.name, "marked");
    write("mayfly.json", Buffer.from(`\ufeff${text}`, "utf16le"));
    await refused("bad-manifest", /it is UTF-16: save it as UTF-8/);
  });

  test("a mayfly.json that is over the limit, before it is read", async () => {
    write("mayfly.json", " ".repeat(262_145));
    await refused("bad-manifest", /it has 262145 bytes, and at most 262144 are allowed/);
  });

  test("a manifest with a bad value, by key, value and what is allowed", async () => {
    const cases: [object, RegExp][] = [
      [{ memoryMb: 64 }, /memoryMb is 64, but must be at least 128/],
      [{ memoryMb: "1 GB" }, /memoryMb is "1 GB", but must be a number/],
      [{ vcpus: 1.5 }, /vcpus is 1.5, but must be a whole number/],
      [{ memory: 64 }, /memory is not a known key \(did you mean memoryMb\?\); there are .*memoryMb/],
      [
        { functions: { main: { entry: "main.ts", memory: 1 } } },
        /functions.main.memory is not a known key.*there are entry, command, runtime, handler, payload, timeoutMs/,
      ],
      [{ functions: {} }, /: functions must have at least one function, unless static names a folder of files\./],
      [{ functions: { "my.main": { entry: "main.ts" } } }, /functions has the key "my.main", but .*1 to 64 of letters, digits, - and _/],
      [{ functions: { Main: { entry: "main.ts" }, main: { entry: "main.ts" } } }, /: functions must not have both Main and main: these/],
      [{ network: "all" }, /network is "all", but must be one of: "none"; "egress"; an object/],
      [{ network: { egress: true, allow: [1] } }, /network.allow.0 is 1, but must be a string/],
      [{ env: { "A B": "x" } }, /env has the key \(a name\), but a key must be a name of letters, digits and _/],
      [{ name: "my shop" }, /name is "my shop", but must be 1 to 64/],
      [{ runtime: "python3.11" }, /runtime is "python3.11", but must be one of "node", "python", "java", "provided", "server"/],
      [
        { functions: { main: { entry: "main.ts", handler: "main.handler" } } },
        /functions.main.handler is "main.handler", but must be the export alone, "handler": the file is named by entry/,
      ],
    ];
    for (const [more, message] of cases) {
      app(hello, more);
      await refused("bad-manifest", message);
    }
  });

  test("an entry that is missing, or outside of the folder", async () => {
    app(hello, { functions: { main: { entry: "nope.ts" } } });
    await refused("bad-manifest", /functions.main.entry is "nope.ts", but there is no such file/);
    for (const entry of ["../main.ts", "/etc/passwd"]) {
      app(hello, { functions: { main: { entry } } });
      await refused("bad-manifest", /must be a path inside of the app's folder/);
    }
  });

  test("code that does not parse, by file and line", async () => {
    app("export default {\n  fetch( {\n");
    await refused("build-failed", /function main .*\(main.ts:\d:\d+\)/);
  });

  test("a package that is not installed, with the command to run", async () => {
    app('import "left-pad"; export const handler = 1;');
    await refused("build-failed", new RegExp(`Could not resolve "left-pad" \\(main.ts:1:8\\): .*run npm install in .*${dir}`));
  });

  test("a file of another language, with the runtime that it needs", async () => {
    app('import "./other.py"; export const handler = 1;');
    write("other.py", "x = 1");
    await refused("build-failed", /say "runtime": "python" in mayfly.json/);
  });

  test("a file that is not there, with no talk of npm", async () => {
    app('import "./nope"; export const handler = 1;');
    await refused("build-failed", /Could not resolve ".\/nope" \(main.ts:1:8\)\.$/);
  });

  test("an entry that exports no function, with what is expected", async () => {
    app("export const other = 1;");
    await refused("build-failed", /main.ts exports other; expected `export default \{ fetch.*`export const handler/);
    app("console.log(1);");
    await refused("build-failed", /main.ts exports nothing/);
    app(hello.replace("default", "const x ="), { functions: { main: { entry: "main.ts", handler: "run" } } });
    await refused("build-failed", /export const run/);
  });

  test("a native add-on, by its file", async () => {
    pack("fast", 'module.exports = require("./build/fast.node");', { "build/fast.node": "binary" });
    app('import "fast"; export const handler = 1;');
    await refused("native-addon", /function main needs the native add-on node_modules\/fast\/build\/fast.node/i);
  });

  test("a package that looks for its add-on at run time, by the file that does", async () => {
    pack("node-gyp-build", "module.exports = () => {};");
    pack("fast", 'module.exports = require("node-gyp-build")(__dirname);');
    app('import "fast"; export const handler = 1;');
    await refused("native-addon", /node_modules\/fast\/index.js \(by way of node-gyp-build\)/);
  });
});

test("an optional package that is native is left out, as if it were not installed", async () => {
  pack("node-gyp-build", "module.exports = () => {};");
  pack("fast-native", 'module.exports = require("node-gyp-build")(__dirname);', {}, { dependencies: { "node-gyp-build": "1" } });
  pack(
    "fast",
    'try { module.exports = require("fast-native"); } catch (error) { module.exports = error.code; }',
    {},
    {
      optionalDependencies: { "fast-native": "1" },
    },
  );
  app('import fast from "fast"; export const handler = () => fast;');
  const { handler } = (await load()) as { handler: () => string };
  assert.equal(handler(), "MODULE_NOT_FOUND");
});

test("an import that is computed is let through with a warning", async () => {
  app("export const handler = (name: string) => import(name);");
  const { warnings } = await bundleApp(dir);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? "", /^main: .*import.*\(main.ts:1:\d+\)$/);
});

/** Writes an app whose only function is main, in main.ts. */
function app(code: string, more: object = {}): void {
  write("main.ts", code);
  write("mayfly.json", { name: "shop", functions: { main: { entry: "main.ts" } }, ...more });
}

function pack(name: string, code: string, files: Record<string, string> = {}, more: object = {}): void {
  const all = { "index.js": code, "package.json": { name, version: "1.0.0", ...more }, ...files };
  for (const [file, content] of Object.entries(all)) write(`node_modules/${name}/${file}`, content);
}

function write(file: string, content: string | Buffer | object): void {
  mkdirSync(dirname(join(dir, file)), { recursive: true });
  writeFileSync(join(dir, file), typeof content === "string" || Buffer.isBuffer(content) ? content : JSON.stringify(content));
}

async function only(): Promise<Bundle> {
  const { bundles } = await bundleApp(dir);
  assert.equal(bundles.length, 1);
  return inMemory(bundles)[0]!;
}

/** Evaluates the bundle in a folder far from the sources and returns its exports. */
async function load(): Promise<unknown> {
  const { format, code } = await only();
  const file = join(mkdtempSync(join(dir, "out-")), `main.${format === "esm" ? "mjs" : "cjs"}`);
  writeFileSync(file, code);
  return import(pathToFileURL(file).href);
}

function stackOf(work: () => never): string {
  try {
    return work();
  } catch (error) {
    return error instanceof Error ? (error.stack ?? "") : "";
  }
}

function mapOf({ code }: Bundle): SourceMap {
  const [, map = ""] = /sourceMappingURL=data:application\/json;base64,(\S+)/.exec(Buffer.from(code).toString()) ?? [];
  return new SourceMap(JSON.parse(Buffer.from(map, "base64").toString()));
}
