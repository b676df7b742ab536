/** What the live platform decided, the policy decides again from the record of its events. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { createPackingPolicy } from "../src/policy/packing.ts";
import { replay } from "../src/dispatcher/replay.ts";
import { createScope, startPlatform, temporaryFolder } from "./platform.ts";

test("a recorded run replays to the same commands", async (context) => {
  const record = join(temporaryFolder(context), "run.jsonl");
  const scope = createScope();
  const platform = await startPlatform(scope, { driver: "process", record, idleMs: 200 });
  await platform.deploy("examples/hello");
  await platform.deploy("examples/wait", { concurrency: 4 });
  await Promise.all(
    Array.from({ length: 40 }, async (_, index) => (await platform.call(index % 2 ? "/wait/wait" : "/hello/hello")).text()),
  );
  await platform.deploy("examples/hello", { memoryMb: 300 });
  await (await platform.call("/hello/hello")).text();
  await platform.client.remove("wait");
  await scope.close();

  const result = await replay(record, createPackingPolicy);
  assert.deepEqual(result.differences, []);
  assert.ok(result.events > 100);
});
