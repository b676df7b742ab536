/** Given the record of its events, the policy makes the same decisions as on the live platform. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createPackingPolicy } from "../src/policy/packing.ts";
import { replay } from "../src/dispatch/replay.ts";
import { createScope, startPlatform, temporaryFolder } from "./platform.ts";

for (const settings of [{}, { idleMs: 200 }])
  test(`a recorded run replays to the same commands, ${JSON.stringify(settings)}`, async (context) => {
    const record = join(temporaryFolder(context), "run.jsonl");
    const scope = createScope();
    const platform = await startPlatform(scope, { driver: "process", record, ...settings });
    await platform.deploy("examples/hello");
    await platform.deploy("examples/wait", { concurrency: 4 });
    await Promise.all(
      Array.from({ length: 40 }, async (_, index) => (await platform.call(index % 2 ? "/wait/wait" : "/hello/hello")).text()),
    );
    await platform.deploy("test/apps/economy");
    await Promise.all(Array.from({ length: 8 }, async (_, index) => (await platform.call(`/economy/wait?ms=${1_500 + index}`)).text()));
    await platform.deploy("examples/hello", { memoryMb: 300 });
    await (await platform.call("/hello/hello")).text();
    await platform.client.removeApp("wait");
    await scope.close();

    const result = await replay(record, createPackingPolicy);
    assert.deepEqual(result.differences, []);
    assert.ok(result.events > 100);
    assert.match(readFileSync(record, "utf8"), /"type":"stats"/);
  });
