import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { AppFolder } from "./testing/app-folder.ts";

let folder: AppFolder;
beforeEach(() => (folder = new AppFolder()));
afterEach(() => folder.remove());

const refused = (code: string, message: RegExp) => assert.rejects(folder.bundle(), { code, message });
/** An expression that returns the code and the first line of the error that a call throws. */
const failure = "(work) => { try { return work(); } catch (error) { return [error.code, error.message.split('\\n')[0]]; } }";

describe("a package that is not installed", () => {
  test("that a package's function requires throws Node's error when the function runs; the deploy warns about it", async () => {
    folder.pack("db", "exports.connect = (name) => name === 'a' ? require('driver-a') : require('driver-b/promise');");
    folder.app(
      `import db from "db"; const failure = ${failure}; export const handler = () => [failure(() => db.connect("a")), failure(() => db.connect("b"))];`,
    );
    const { value, warnings } = await folder.run();
    const text = (name: string) => ["MODULE_NOT_FOUND", `Cannot find module '${name}'`];
    assert.deepEqual(value, [text("driver-a"), text("driver-b/promise")]);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0]!, /^main: db asks, when it is used, for packages that are not installed: driver-a, driver-b;/);
  });

  test("fails again on every require", async () => {
    folder.pack("db", "exports.connect = () => require('driver');");
    folder.app(`import db from "db"; const failure = ${failure}; export const handler = () => [1, 2].map(() => failure(db.connect)[0]);`);
    assert.deepEqual((await folder.run()).value, ["MODULE_NOT_FOUND", "MODULE_NOT_FOUND"]);
  });

  test("that is required in a try causes no warning", async () => {
    folder.pack("db", "try { require('native-speed'); } catch (error) { exports.code = error.code; }");
    folder.app('import db from "db"; export const handler = () => db.code;');
    assert.deepEqual(await folder.run(), { value: "MODULE_NOT_FOUND", warnings: [] });
  });

  test("that a constant names within a try causes no warning", async () => {
    folder.pack("db", "const NOTHING = ''; try { require(`colours${NOTHING}`); } catch (error) { exports.code = error.code; }");
    folder.app('import db from "db"; export const handler = () => db.code;');
    assert.deepEqual(await folder.run(), { value: "MODULE_NOT_FOUND", warnings: [] });
  });

  test("that a function of the app requires or imports causes a warning with its name", async () => {
    folder.app(
      `export const handler = async () => [await import("left-pad").catch((error) => error.code), (${failure})(() => require("right-pad"))[0]];`,
    );
    const { value, warnings } = await folder.run();
    assert.deepEqual(value, ["ERR_MODULE_NOT_FOUND", "MODULE_NOT_FOUND"]);
    assert.match(warnings.join("\n"), /main\.ts asks, when it is used, for .*right-pad/);
  });

  test("that a package requires at load is an error that says what to install", async () => {
    folder.pack("inner", "require('gone');");
    folder.pack("outer", "module.exports = require('inner');");
    folder.app('import outer from "outer"; export const handler = () => outer;');
    await refused(
      "build-failed",
      /Could not resolve "gone" \(node_modules\/inner\/index\.js:1:1\): the package inner needs it as soon as it is loaded: run npm install gone in /,
    );
  });

  test("that is required only by a file not loaded at start is accepted", async () => {
    folder.pack("db", "exports.use = () => require('./dialect');", { "dialect.js": "require('gone');" });
    folder.app(`import db from "db"; export const handler = () => (${failure})(db.use)[0];`);
    const { value, warnings } = await folder.run();
    assert.equal(value, "MODULE_NOT_FOUND");
    assert.match(warnings.join(), /gone/);
  });

  test("that a static import names is an error, even through another package", async () => {
    folder.app('import pad from "left-pad"; export const handler = () => pad;');
    await refused("build-failed", /Could not resolve "left-pad" \(main\.ts:1:\d+\): .*run npm install in /);
    folder.pack("esm", 'import pad from "left-pad"; export default pad;', {}, { type: "module" });
    folder.app('import esm from "esm"; export const handler = () => esm;');
    await refused("build-failed", /"left-pad" \(node_modules\/esm\/index\.js:1:17\): the package esm needs it/);
  });

  test("that is native is recommended only as `external`", async () => {
    folder.app('import sharp from "sharp"; export const handler = () => sharp;');
    await refused("build-failed", /sharp is native: install it and name it in `external` of mayfly.json, or use jimp/);
  });

  test("a missing Prisma client is reported with the command that generates it", async () => {
    folder.pack("@prisma/client", 'module.exports = require(".prisma/client/default");');
    folder.app('import { PrismaClient } from "@prisma/client"; export const handler = () => PrismaClient;');
    await refused("build-failed", /npx prisma generate/);
  });
});

describe("a native package", () => {
  const platforms = { optionalDependencies: { "@speed/box-linux-x64": "1", "@speed/box-darwin-arm64": "1" } };

  test("of prebuilt binaries is refused by its name, with what works instead", async () => {
    folder.pack("sharp", "for (const each of ['a', 'b']) { try { require(each); } catch {} }", {}, platforms);
    folder.app('import sharp from "sharp"; export const handler = () => sharp;');
    await assert.rejects(folder.bundle(), { code: "native-addon", message: /needs the native add-on sharp,/, cure: /: jimp/ });
  });

  test("of napi-rs is refused by its own name, not by the name of a file for another system", async () => {
    const code =
      "try { module.exports = require('./argon2.android-arm64.node'); } catch { module.exports = require('@node-rs/argon2-android-arm64'); }";
    folder.pack(
      "@node-rs/argon2",
      code,
      {},
      { optionalDependencies: { "@node-rs/argon2-android-arm64": "1", "@node-rs/argon2-linux-x64-gnu": "1" } },
    );
    folder.app('import { hash } from "@node-rs/argon2"; export const handler = () => hash;');
    await assert.rejects(folder.bundle(), {
      code: "native-addon",
      message: /needs the native add-on @node-rs\/argon2,/,
      cure: /hash-wasm/,
    });
  });

  test("that looks for its add-on only when it is used is refused as well", async () => {
    folder.pack("bindings", "module.exports = () => {};");
    folder.pack(
      "fastdb",
      "module.exports = class { constructor() { this.native = require('bindings')('fastdb.node'); } };",
      {},
      { dependencies: { bindings: "1" } },
    );
    folder.app('import Database from "fastdb"; export const handler = () => new Database();');
    await refused("native-addon", /needs the native add-on fastdb,/);
  });

  test("that is required in a try behaves as if it were not installed", async () => {
    folder.pack("canvas", "require('./build/canvas.node');", { "build/canvas.node": "" }, { dependencies: { nan: "1" } });
    folder.pack(
      "dom",
      "try { module.exports = require('canvas'); } catch (error) { module.exports = error.code; }",
      {},
      { peerDependenciesMeta: { canvas: { optional: true } } },
    );
    folder.app('import dom from "dom"; export const handler = () => dom;');
    assert.deepEqual(await folder.run(), { value: "MODULE_NOT_FOUND", warnings: [] });
    folder.app('import dom from "dom"; export const handler = () => dom;', { dependencies: { canvas: "1", dom: "1" } });
    assert.match((await folder.run()).warnings.join(), /canvas \(instead: .*\) is native and left out/);
  });

  test("that only a function requires is left out with a warning", async () => {
    folder.pack("better-sqlite3", "require('./x.node');", {}, { gypfile: true });
    folder.pack("orm", "exports.open = () => require('better-sqlite3');");
    folder.app(`import orm from "orm"; export const handler = () => (${failure})(orm.open);`);
    const { value, warnings } = await folder.run();
    assert.match(String(value), /^MODULE_NOT_FOUND,Cannot find module 'better-sqlite3': better-sqlite3 is a native add-on/);
    assert.match(warnings.join(), /better-sqlite3 \(instead: Node's own node:sqlite\) is native and left out.*in orm/);
  });

  test("that is an optional peer of another package, and not the app's own dependency, causes no warning", async () => {
    folder.pack("compiler", "", {}, platforms);
    folder.pack("loader", "exports.load = () => require('compiler');", {}, { peerDependenciesMeta: { compiler: { optional: true } } });
    folder.app('import loader from "loader"; export const handler = () => typeof loader.load;');
    assert.deepEqual((await folder.run()).warnings, []);
  });

  test("that works without its add-on, more slowly, works", async () => {
    folder.pack("node-gyp-build", "module.exports = () => {};");
    const code = "try { module.exports = require('node-gyp-build')(__dirname); } catch { module.exports = require('./fallback'); }";
    folder.pack("utf", code, { "fallback.js": "module.exports = 'slow';" }, { dependencies: { "node-gyp-build": "1" } });
    folder.app('import utf from "utf"; export const handler = () => utf;');
    assert.deepEqual(await folder.run(), { value: "slow", warnings: [] });
  });
});

describe("a package that is required by a computed name", () => {
  const orm = "exports.open = (name) => require(name); exports.names = ['pg', 'mysql2/promise'];";

  test("is found where the app depends on it and the code names it", async () => {
    folder.pack("pg", "module.exports = 'pg';");
    folder.pack("mysql2", "", { "promise.js": "module.exports = 'mysql';" });
    folder.pack("other", "throw new Error('evaluated');");
    folder.pack("orm", orm);
    folder.app('import orm from "orm"; export const handler = () => [orm.open("pg"), orm.open("mysql2/promise"), orm.open("os").EOL];', {
      dependencies: { orm: "1", pg: "1", mysql2: "1", other: "1" },
    });
    assert.deepEqual(await folder.run(), { value: ["pg", "mysql", "\n"], warnings: [] });
  });

  test("is found where the app's own code names it, and is not evaluated before", async () => {
    folder.pack("engine", "globalThis.evaluated = true; module.exports = { render: () => 'rendered' };");
    folder.pack("web", "exports.render = (name) => require(name).render();");
    folder.app(`import web from "web"; const engine = "engine"; export const handler = () => [globalThis.evaluated, web.render(engine)];`, {
      dependencies: { engine: "1" },
    });
    assert.deepEqual((await folder.run()).value, [undefined, "rendered"]);
  });

  test("is bundled where the name is put together of constants, and no name of another scope is taken for it", async () => {
    folder.pack("pg", "module.exports = 'pg';");
    folder.pack("mysql", "module.exports = 'mysql';");
    const code =
      'const END = "g"; const name = "mysql"; exports.pg = require(`p${END}`); exports.open = (name) => require(name); exports.of = ({ name }) => require(name); exports.none = name;';
    folder.pack("orm", code);
    folder.app(`import orm from "orm"; export const handler = () => [orm.pg, orm.open("os").EOL, orm.of({ name: "path" }).sep];`);
    assert.deepEqual(await folder.run(), { value: ["pg", "\n", "/"], warnings: [] });
  });

  test("is not found where the app does not depend on it", async () => {
    folder.pack("pg", "module.exports = 'pg';");
    folder.pack("orm", orm);
    folder.app(`import orm from "orm"; export const handler = () => (${failure})(() => orm.open("pg"))[0];`, {
      dependencies: { orm: "1" },
    });
    assert.equal((await folder.run()).value, "MODULE_NOT_FOUND");
  });

  test("in the app's own code causes a warning with the place and with what the import finds", async () => {
    folder.pack("pg", "module.exports = { a: 1 };");
    folder.app(
      'const name: string = process.env["NO_SUCH_NAME"] ?? "pg"; export const handler = async () => (await import(name)).default.a;',
      {
        dependencies: { pg: "1" },
      },
    );
    const { value, warnings } = await folder.run();
    assert.equal(value, 1);
    assert.deepEqual(warnings, [
      "main: the name of this import is known only when it runs: it finds Node's own modules, pg, and no other (main.ts:1:101)",
    ]);
  });
});
