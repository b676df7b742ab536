/** What `mayfly init` writes is deployed and answers, in each language. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { bundleApp } from "../src/bundle/bundle-app.ts";
import { createScope, type Platform, projectDir, startPlatform, temporaryFolder } from "./platform.ts";

describe("an app that init wrote", () => {
  const scope = createScope();
  let platform: Platform;
  before(async () => {
    platform = await startPlatform(scope, { driver: "process", blanks: 0 });
  });
  after(() => scope.close());

  for (const runtime of ["node", "python", "java"])
    test(`greets in ${runtime}`, async () => {
      const folder = join(temporaryFolder(scope), `in-${runtime}`);
      execFileSync(join(projectDir, "mayfly"), ["init", folder, "--runtime", runtime]);
      const { manifest, bundles } = await bundleApp(folder);
      await platform.client.deploy(manifest, bundles);
      const response = await platform.call(`/in-${runtime}/hello?name=Ada`);
      assert.deepEqual([response.status, await response.text()], [200, "Hello, Ada!\n"]);
    });
});
