/** A store of objects in a folder, with its index in memory: for tests of what stands over it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterwards } from "../../../base/testing/afterwards.ts";
import { InlineCommit } from "../../../store/group-commit/testing/inline-commit.ts";
import { openContentFiles } from "../content/content-files.ts";
import { objectsOver } from "../objects-over.ts";
import type { Objects } from "../objects.ts";
import { engine, type ObjectOperations } from "../store/engine.ts";
import { serverKey } from "./describe-objects.ts";

interface Hooks {
  after(cleanUp: () => void | Promise<void>): void;
}

/** It is closed, and its folder removed, after the test. */
export function openObjectsForTest(hooks: Hooks): Objects {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-objects-"));
  afterwards(hooks, () => rmSync(folder, { recursive: true }));
  const index = new InlineCommit<ObjectOperations>(engine);
  afterwards(hooks, () => index.close());
  const files = openContentFiles(folder, () => Date.now());
  const limits = { bytes: 1e9, objects: 1e6, buckets: 10 };
  return objectsOver({ index, files, limitsOf: () => limits, serverKey: () => serverKey, now: () => Date.now(), written: () => {} });
}
