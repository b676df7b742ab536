import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { beforeEach, test, type TestContext } from "node:test";
import { until } from "../base/clock/until.ts";
import { afterwards } from "../base/testing/afterwards.ts";
import { watchFolders } from "./watch-folders.ts";

let root: string;
let heard: string[];

beforeEach((context) => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "mayfly-watch-")));
  heard = [];
  afterwards(context as TestContext, () => rmSync(root, { recursive: true, force: true }));
});

function watching(context: TestContext, folder = root) {
  const watch = watchFolders(
    folder,
    (path) => heard.push(relative(root, path)),
    (error) => assert.fail(String(error)),
  );
  afterwards(context, () => watch.close());
  return watch;
}

async function hears(path: string, change: () => void): Promise<void> {
  heard.length = 0;
  change();
  await until(() => heard.includes(path), { what: `${path} among ${heard.join(", ")}` });
}

const write = (path: string) => writeFileSync(join(root, path), `${Math.random()}`);

test("files are heard of that are new, written, replaced by a rename, and removed", async (context) => {
  write("a.ts");
  watching(context);
  await hears("a.ts", () => write("a.ts"));
  await hears("b.ts", () => write("b.ts"));
  await hears("a.ts", () => renameSync(join(root, "b.ts"), join(root, "a.ts")));
  await hears("a.ts", () => write("a.ts"));
  await hears("a.ts", () => rmSync(join(root, "a.ts")));
});

test("a folder that is made, moved in, or put in place of another is watched with what is in it", async (context) => {
  mkdirSync(join(root, "app"));
  mkdirSync(join(root, "elsewhere/deep"), { recursive: true });
  watching(context, join(root, "app"));
  await hears("app/lib", () => mkdirSync(join(root, "app/lib/inner"), { recursive: true }));
  await hears("app/lib/inner/x.ts", () => write("app/lib/inner/x.ts"));
  await hears("app/lib", () => {
    rmSync(join(root, "app/lib"), { recursive: true });
    renameSync(join(root, "elsewhere"), join(root, "app/lib"));
  });
  await hears("app/lib/deep/y.ts", () => write("app/lib/deep/y.ts"));
  await hears("app/lib", () => renameSync(join(root, "app/lib"), join(root, "gone")));
  heard.length = 0;
  write("gone/deep/y.ts");
  await hears("app/z.ts", () => write("app/z.ts"));
  assert.ok(!heard.some((path) => path.includes("y.ts")), heard.join(", "));
});

test("a root that another one replaces is watched, and a link that comes is not followed", async (context) => {
  mkdirSync(join(root, "app"));
  mkdirSync(join(root, "outside"));
  watching(context, join(root, "app"));
  renameSync(join(root, "app"), join(root, "old"));
  await hears("app", () => mkdirSync(join(root, "app")));
  await hears("app/a.ts", () => write("app/a.ts"));
  await hears("app", () => rmSync(join(root, "app"), { recursive: true }));
  await hears("app", () => renameSync(join(root, "old"), join(root, "app")));
  await hears("app/b.ts", () => write("app/b.ts"));
  symlinkSync("itself", join(root, "app/itself"));
  await hears("app/up", () => symlinkSync("..", join(root, "app/up")));
  heard.length = 0;
  write("outside/c.ts");
  await hears("app/d.ts", () => write("app/d.ts"));
  assert.deepEqual([...new Set(heard)], ["app/d.ts"]);
});

test("what editors and tools write beside the code is not heard of, and a loop of links does no harm", async (context) => {
  mkdirSync(join(root, "node_modules"));
  mkdirSync(join(root, ".git"));
  symlinkSync(root, join(root, "loop"));
  watching(context);
  for (const path of [".git/index", "node_modules/x.js", ".a.ts.swp", "a.ts~", "4913", "#a.ts#", "a.ts.tmp.7", "x___jb_tmp___"])
    write(path);
  await hears(".env", () => write(".env"));
  assert.deepEqual([...new Set(heard)], [".env"]);
});

test("single files of other folders are heard of", async (context) => {
  mkdirSync(join(root, "app"));
  mkdirSync(join(root, "shared"));
  const watch = watching(context, join(root, "app"));
  watch.file(join(root, "shared"), "one.ts");
  watch.file(join(root, "shared"), ".two.json");
  write("shared/other.ts");
  await hears("shared/one.ts", () => write("shared/one.ts"));
  await hears("shared/.two.json", () => write("shared/.two.json"));
  assert.ok(!heard.includes("shared/other.ts"));
});
