import assert from "node:assert/strict";
import { test } from "node:test";
import { build } from "esbuild";

test("a relay loads no package, because each appliance has a relay and pays for its memory", async () => {
  const { metafile } = await build({
    entryPoints: [new URL("relay/main.ts", import.meta.url).pathname],
    bundle: true,
    write: false,
    metafile: true,
    platform: "node",
    format: "esm",
  });
  const packages = Object.keys(metafile.inputs).filter((file) => file.includes("node_modules/"));
  assert.deepEqual(packages, []);
});
