import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { AppFolder } from "./testing/app-folder.ts";

let folder: AppFolder;
beforeEach(() => (folder = new AppFolder()));
afterEach(() => folder.remove());

for (const [form, later] of [
  ["without", ""],
  ["beside", "await null;"],
] as const) {
  describe(`${form} top-level await`, () => {
    test("a CommonJS package knows where it lies", async () => {
      folder.pack("d", "exports.at = [__dirname, __filename, typeof module, typeof require, require.main === module];");
      folder.app(`import d from "d"; ${later} export const handler = () => d.at;`);
      const at = ["/app/node_modules/d", "/app/node_modules/d/index.js", "object", "function", false];
      assert.deepEqual((await folder.run()).value, at);
    });

    test("an ES module knows its URL, its file and its folder, in the app and in packages", async () => {
      const code = "export const at = [import.meta.url, import.meta.filename, import.meta.dirname];";
      folder.pack("e", code, {}, { type: "module" });
      folder.write("src/inner.ts", code);
      folder.app(`import { at } from "e"; import { at as inner } from "./inner"; ${later} export const handler = () => [at, inner];`, {
        entry: "src/main.ts",
      });
      assert.deepEqual((await folder.run()).value, [
        ["file:///app/node_modules/e/index.js", "/app/node_modules/e/index.js", "/app/node_modules/e"],
        ["file:///app/src/inner.ts", "/app/src/inner.ts", "/app/src"],
      ]);
    });

    test("names that code declares for itself stay its own", async () => {
      folder.app(`import { dirname } from "node:path"; import { fileURLToPath } from "node:url"; ${later}
        const __filename = fileURLToPath(import.meta.url); const __dirname = dirname(__filename);
        const inner = (__dirname: string) => ({ __dirname }); const object = { __dirname: 1, x: { __filename } };
        export const handler = () => [__dirname, inner("mine"), object];`);
      assert.deepEqual((await folder.run()).value, ["/app", { __dirname: "mine" }, { __dirname: 1, x: { __filename: "/app/main.ts" } }]);
    });

    test("what createRequire() makes requires packages, JSON and Node's own modules", async () => {
      folder.pack("c", "module.exports = 1;", { "data.json": { a: 2 } });
      folder.app(`import { createRequire } from "node:module"; ${later}
        const require = createRequire(import.meta.url); const other = createRequire(import.meta.url);
        export const handler = () => [require("c"), other("c/data.json").a, createRequire(import.meta.url)("c"), require("node:os").EOL];`);
      assert.deepEqual((await folder.run()).value, [1, 2, 1, "\n"]);
    });

    test("a path built from __dirname and literals is required like a literal path", async () => {
      folder.pack(
        "p",
        `const path = require("path"); const up = path.join(__dirname, "lib"); exports.v = require(path.join(up, "x.json")).v + require(__dirname + "/y.js");`,
        {
          "lib/x.json": { v: 1 },
          "y.js": "module.exports = 2;",
        },
      );
      folder.app(`import p from "p"; ${later} export const handler = () => p.v;`);
      assert.equal((await folder.run()).value, 3);
    });

    test("require.resolve() of an installed package returns the path where Node would find it", async () => {
      folder.pack("r", "", { "x.txt": "" });
      folder.pack("q", 'exports.at = require.resolve("r/x.txt");');
      folder.app(`import q from "q"; ${later} export const handler = () => q.at;`);
      assert.equal((await folder.run()).value, "/app/node_modules/r/x.txt");
    });
  });
}

test("a CommonJS entry knows where it lies, and is not the main module", async () => {
  folder.app("exports.handler = () => [__dirname, __filename, require.main === module];", { entry: "lib/main.cjs" });
  assert.deepEqual((await folder.run()).value, ["/app/lib", "/app/lib/main.cjs", false]);
});

test("a path of __dirname and literals that leads nowhere fails where it is required, as in plain Node", async () => {
  const code =
    'const path = require("path"); exports.x = () => require(path.join(__dirname, "lib/x")).v; try { require(__dirname + "/gone"); } catch (error) { exports.code = error.code; } exports.late = () => require(__dirname + "/late");';
  folder.pack("p", code, { "lib/x.js": "exports.v = 1;" });
  folder.app(
    'import p from "p"; export const handler = () => { try { p.late(); } catch (error) { return [p.x(), p.code, error.code]; } };',
  );
  assert.deepEqual((await folder.run()).value, [1, "MODULE_NOT_FOUND", "MODULE_NOT_FOUND"]);
});

test("code with top-level await may declare a require of its own", async () => {
  folder.pack("plain", 'module.exports = require("os").EOL;');
  folder.app(`import { createRequire } from "node:module"; import eol from "plain"; await null;
    const require = createRequire("/nowhere/x.js"); export const handler = () => [require("node:path").sep, eol];`);
  assert.deepEqual((await folder.run()).value, ["/", "\n"]);
});

test("generated code that is nested deeper than a stack is bundled", async () => {
  folder.pack(
    "deep",
    `exports.at = __dirname; exports.text = (${Array.from({ length: 4_000 }, (_, at) => `"${at % 10}"`).join("+")}).length;`,
  );
  folder.app('import deep from "deep"; export const handler = () => [deep.at, deep.text];');
  assert.deepEqual((await folder.run()).value, ["/app/node_modules/deep", 4_000]);
});

test("a URL that is no path of this host's keeps its meaning for Node, and is no failure of the deploy", async () => {
  folder.app(`import { readFileSync } from "node:fs"; import { fileURLToPath } from "node:url";
    const code = (work: () => unknown) => { try { work(); } catch (error) { return error.code; } };
    export const handler = () => [
      code(() => readFileSync(new URL("a%2Fb.txt", import.meta.url))),
      code(() => readFileSync(fileURLToPath("file://other/x.txt") + import.meta.dirname)),
    ];`);
  assert.deepEqual((await folder.run()).value, ["ERR_INVALID_FILE_URL_PATH", "ERR_INVALID_FILE_URL_HOST"]);
});
