/** Packages with native add-ons, as npm installs them, run in real machines; they are large files there. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import jpeg from "jpeg-js";
import { bundleApp } from "../src/bundle/bundle-app.ts";
import { createScope, drivers, exampleFile, projectDir, startPlatform, temporaryFolder } from "./platform.ts";

const scope = createScope();
let folder: string;

before(() => {
  folder = join(temporaryFolder(scope), "sharp");
  cpSync(join(projectDir, "examples/sharp"), folder, { recursive: true });
  const words = ["ci", "--os=linux", "--cpu=x64", "--libc=glibc", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  execFileSync("npm", words, { cwd: folder, timeout: 300_000 });
});
after(() => scope.close());

for (const driver of [...drivers, "process"] as const) {
  test(`on ${driver}, sharp makes a real JPEG smaller`, async (t) => {
    const platform = await startPlatform(t, { driver, blanks: 0 });
    const { manifest, bundles, files } = await bundleApp(folder);
    assert.ok(files.bytes > 10_000_000, `${files.bytes} bytes`);
    await platform.client.deploy({ ...manifest, timeoutMs: 300_000 }, bundles);
    const resize = (body: Buffer) => platform.call("/sharp/resize?width=48", { method: "POST", body: new Uint8Array(body) });
    const response = await resize(exampleFile("thumbnail/lake.jpg"));
    const log = response.status === 200 ? [] : await platform.client.logs({ app: "sharp", tail: 20 });
    assert.equal(response.status, 200, log.map(({ text }) => text).join("\n"));
    const small = jpeg.decode(Buffer.from(await response.arrayBuffer()), { useTArray: true });
    assert.deepEqual([small.width, small.height], [48, 32]);
    assert.equal((await resize(Buffer.from("no picture"))).status, 415);
  });
}
