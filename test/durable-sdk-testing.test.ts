/** AWS's own testing package for durable functions: the same tests locally, and against functions that are deployed. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { LambdaClient } from "@aws-sdk/client-lambda";
import {
  CloudDurableTestRunner,
  type DurableOperation,
  type DurableTestRunner,
  LocalDurableTestRunner,
  WaitingOperationStatus,
} from "@aws/durable-execution-sdk-js-testing";
import { handler } from "./apps/durable/flows.ts";
import { serve } from "./command.ts";
import { createKey } from "./lambda/key.ts";
import { createScope, temporaryFolder, deploy } from "./platform.ts";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createClient } from "../src/doors/admin/client.ts";

type Runner = DurableTestRunner<DurableOperation, unknown>;

/** What holds of both. */
const checks: Record<string, (runner: Runner) => Promise<void>> = {
  async "steps around a wait"(runner) {
    const execution = await runner.run({ payload: { flow: "greet", name: "Ada" } });
    assert.equal(execution.getStatus(), "SUCCEEDED");
    assert.equal(execution.getResult(), "Hello, Ada!");
    assert.deepEqual(runner.getOperation("fetch").getStepDetails()?.result, { name: "Ada" });
    assert.equal(runner.getOperation("pause").getWaitDetails()?.waitSeconds, 1);
    assert.deepEqual(
      execution.getOperations().map((each) => [each.getName(), each.getStatus()]),
      [
        ["fetch", "SUCCEEDED"],
        ["pause", "SUCCEEDED"],
        ["greet", "SUCCEEDED"],
      ],
    );
    assert.equal(execution.getInvocations().length, 2);
  },
  async "a callback that somebody completes"(runner) {
    const running = runner.run({ payload: { flow: "approve" } });
    const approval = runner.getOperation("approval");
    await approval.waitForData(WaitingOperationStatus.SUBMITTED);
    await approval.sendCallbackSuccess("yes");
    const execution = await running;
    assert.deepEqual(execution.getResult(), { answer: "yes" });
    assert.equal(approval.isWaitForCallback(), true);
  },
  async "a step that fails for good"(runner) {
    const execution = await runner.run({ payload: { flow: "fails" } });
    assert.equal(execution.getStatus(), "FAILED");
    assert.match(execution.getError().errorMessage!, /it fails/);
    assert.equal(runner.getOperation("fail").getStepDetails()?.attempt, 2);
  },
  async "a batch, some of its items at a time"(runner) {
    const execution = await runner.run({ payload: { flow: "squares", items: [1, 2, 3], atOnce: 2 } });
    assert.deepEqual(execution.getResult(), [1, 4, 9]);
    assert.equal(runner.getOperation("squares").getChildOperations()?.length, 3);
    assert.equal(runner.getOperation("square-3").getStepDetails()?.result, 9);
  },
};

describe("AWS's tests of durable functions, locally", () => {
  before(() => LocalDurableTestRunner.setupTestEnvironment({ skipTime: true }));
  after(() => LocalDurableTestRunner.teardownTestEnvironment());
  for (const [name, check] of Object.entries(checks)) test(name, () => check(new LocalDurableTestRunner({ handlerFunction: handler })));
});

describe("AWS's tests of durable functions, against a server", () => {
  const scope = createScope();
  let client: LambdaClient;
  before(async () => {
    const stateDir = temporaryFolder(scope);
    const { apiUrl } = await serve(scope, stateDir, ["--driver", "process"]);
    await deploy(createClient({ url: apiUrl, token: readFileSync(join(stateDir, "api-token"), "utf8").trim() }), "test/apps/durable");
    client = new LambdaClient({ endpoint: apiUrl, region: "us-east-1", credentials: await createKey(apiUrl, stateDir) });
  });
  after(async () => {
    client.destroy();
    await scope.close();
  });
  const config = { pollInterval: 200, invocationType: "Event" } as const;
  for (const [name, check] of Object.entries(checks))
    test(name, () => check(new CloudDurableTestRunner({ functionName: "durable--flows", client, config })));
});
