/** A new version replaces a running one without losing a call. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { bundleApp } from "../src/bundle/bundle-app.ts";
import { copyApp, eventually, projectDir, startPlatform } from "./platform.ts";

test("deploys while callers call: every call is answered, by the old version or the new, in order", async (context) => {
  const platform = await startPlatform(context, { driver: "qemu" });
  const source = readFileSync(`${projectDir}test/apps/versions/version.ts`, "utf8");
  const versions = [1, 2, 3].map((number) =>
    copyApp(context, "test/apps/versions", { "version.ts": source.replace('"1"', `"${number}"`) }),
  );
  const deployVersion = async (dir: string) => {
    const { manifest, bundles } = await bundleApp(dir);
    await platform.client.deploy(manifest, bundles);
  };
  await deployVersion(versions[0]!);

  const done = new AbortController();
  const seen: string[][] = Array.from({ length: 4 }, () => []);
  const callers = seen.map(async (mine) => {
    while (!done.signal.aborted) {
      const response = await platform.call("/versions/version");
      assert.equal(response.status, 200);
      mine.push(await response.text());
    }
  });
  const calledBy = async (number: string) => {
    const replies = await Promise.all(seen.map(() => platform.call("/versions/version")));
    for (const response of replies) assert.equal(await response.text(), number);
  };
  await calledBy("1");
  for (const number of [2, 3]) {
    await deployVersion(versions[number - 1]!);
    await calledBy(String(number));
  }
  done.abort();
  await Promise.all(callers);
  for (const mine of seen) assert.deepEqual(mine, mine.toSorted(), "no caller went back to an older version");

  const { versions: kept } = await platform.client.app("versions");
  assert.equal(kept.length, 3);
  await platform.client.pointTo("versions", kept.at(-1)!.id);
  await calledBy("1");
});

test("if an app is deployed again while it is being removed, the removal ends and the new app runs and keeps its log", async (context) => {
  const platform = await startPlatform(context, { driver: "process", blanks: 0, idleMs: 600_000 });
  await platform.deploy("examples/hello");
  await (await platform.call("/hello/hello")).text();
  const removed = platform.client.removeApp("hello");
  await eventually(
    "the app's removal",
    () => platform.client.apps(),
    (apps) => apps.length === 0,
  );
  await platform.deploy("examples/hello");
  const calls = Array.from({ length: 5 }, async () => (await platform.call("/hello/hello?name=again")).text());
  assert.deepEqual(new Set(await Promise.all(calls)), new Set(["Hello, again!\n"]));
  // The machine stays in use, so a removal that waited for it would never end.
  await removed;
  assert.deepEqual(
    (await platform.client.apps()).map(({ app }) => app),
    ["hello"],
  );
  await (await platform.call("/hello/hello")).text();
});
