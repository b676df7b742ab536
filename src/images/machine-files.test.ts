import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { loadConfig } from "../base/config/load.ts";
import { createUids } from "../base/uids/uids.ts";
import { ensureImage } from "./ensure-image.ts";
import { machineFiles } from "./machine-files.ts";
import { treeOfFolder } from "./tree.ts";

test("the files that programs may need are found without an image as the image has them", async () => {
  const { cacheDir } = loadConfig({});
  const progress = () => undefined;
  const { rootTree } = await ensureImage({ uids: createUids(), cacheDir, progress, tree: true });
  const tree = await treeOfFolder(rootTree);
  // Data, such as the files of time zones, is nothing that the loader takes.
  const isProgram = (path: string) => /^\/(bin|lib|lib64|usr)\//.test(path) && !path.startsWith("/usr/share/");
  const programs = tree.flatMap(({ kind, path }) => (kind !== "folder" && isProgram(path) ? [path] : []));
  // `mayfly dev` gives all that surrounds its deploys, `packages` of Python included.
  const surroundings = { cacheDir, progress, packages: { install: () => assert.fail() } };
  const found = await machineFiles(surroundings);
  assert.deepEqual([...found.keys()].toSorted(), programs.toSorted());
  for (const [path, place] of found) assert.ok((await readFile(place)).equals(await readFile(join(rootTree, path))), path);
});
