/** Two revisions of one app serve its calls side by side, under load, while their weights move. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { bundleApp } from "../src/bundle/bundle-app.ts";
import { type Platform, copyApp, projectDir, startPlatform } from "./platform.ts";

const CALLERS = 50;

test("of 10,000 calls at 90 and 10 each revision gets its share within 1 %, and none is lost while weights move", async (context) => {
  const platform = await startPlatform(context, { driver: "process" });
  const source = readFileSync(`${projectDir}test/apps/versions/version.ts`, "utf8");
  for (const number of [1, 2]) {
    const { manifest, bundles } = await bundleApp(
      copyApp(context, "test/apps/versions", { "version.ts": source.replace('"1"', `"${number}"`) }),
    );
    await platform.client.deploy(manifest, bundles);
  }
  const weigh = (first: number, second: number) =>
    platform.client.point("versions", "live", [
      { revision: 1, weight: first },
      { revision: 2, weight: second },
    ]);
  await weigh(90, 10);
  const { 1: first = 0, 2: second = 0, ...others } = await called(platform, 10_000);
  assert.deepEqual(others, {});
  assert.ok(Math.abs(first - 9_000) <= 100 && first + second === 10_000, `${first} and ${second}`);
  const both = (await platform.client.machines()).filter(({ app }) => app === "versions");
  assert.ok(both.length >= 2, "each revision has machines of its own");

  const moving = called(platform, 3_000);
  for (const [one, two] of [
    [10, 90],
    [50, 50],
    [99, 1],
    [1, 1],
  ] as const)
    await weigh(one, two);
  const moved = await moving;
  assert.deepEqual(Object.keys(moved), ["1", "2"]);
  assert.equal(moved["1"]! + moved["2"]!, 3_000);
});

/** How many calls got each reply; replies other than 200 are counted by their status and text. */
async function called(platform: Platform, calls: number): Promise<Record<string, number>> {
  const counts = new Map<string, number>();
  let left = calls;
  const caller = async () => {
    while (left-- > 0) {
      const response = await platform.call("/versions/version");
      const text = await response.text();
      const reply = response.status === 200 ? text : `${response.status}: ${text}`;
      counts.set(reply, (counts.get(reply) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  return Object.fromEntries(counts);
}
