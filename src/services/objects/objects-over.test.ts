import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { afterwards } from "../../base/testing/afterwards.ts";
import { InlineCommit } from "../../store/group-commit/testing/inline-commit.ts";
import { openContentFiles } from "./content/content-files.ts";
import { objectsOver } from "./objects-over.ts";
import { engine, type ObjectOperations } from "./store/engine.ts";
import { describeObjects, serverKey } from "./testing/describe-objects.ts";
import { removeGarbage } from "./upkeep.ts";

describeObjects("objects over SQLite and files", async (t: TestContext, limits) => {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-objects-"));
  afterwards(t, () => rmSync(folder, { recursive: true }));
  const index = new InlineCommit<ObjectOperations>(engine);
  afterwards(t, () => index.close());
  const files = openContentFiles(folder, () => Date.now());
  const most = { bytes: 1e12, objects: 1e9, buckets: 100, ...limits };
  const objects = objectsOver({ index, files, limitsOf: () => most, serverKey: () => serverKey, now: () => Date.now(), written: () => {} });
  return {
    objects,
    async files() {
      await removeGarbage(index, files);
      return readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ name }) => name);
    },
  };
});
