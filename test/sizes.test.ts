/** An app may request machines of an unusual size. The work for that is done at its deploy, not at its first call. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { drivers, startPlatform } from "./platform.ts";

for (const driver of drivers) {
  test(`on ${driver}, an app of another size is ready when its deploy returns, and has the memory it asked for`, async (context) => {
    const platform = await startPlatform(context, { driver, blanks: 0 });
    await platform.deploy("test/apps/probe", { name: "large", memoryMb: 512, secrets: [], timeoutMs: 300_000 });
    const response = await platform.call("/large/fill?mb=300");
    assert.equal(await response.text(), "300");
  });
}
