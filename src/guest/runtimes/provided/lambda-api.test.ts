/** What programs of the Runtime API get for functions that were made by the Lambda API, and how their failures are told. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { afterwards } from "../../../base/testing/afterwards.ts";
import { bindLambda, invoke, lambdaContext, lambdaFacts } from "../../testing/lambda-bind.ts";
import { startProgramAgent } from "../../testing/program-agent.ts";
import { bootstrap } from "../testing/bootstrap.ts";

async function started(t: TestContext, files: Record<string, string>) {
  const agent = await startProgramAgent();
  afterwards(t, () => agent.kill());
  await bindLambda(agent, { format: "provided", handler: "main.handle", files });
  return agent;
}

test("a program gets the headers and the variables that AWS documents", async (t) => {
  const agent = await started(t, { bootstrap: bootstrap(`async (event, { headers }) => ({ headers, env: process.env })`) });
  const { headers, env } = (await invoke(agent)).value as Record<"headers" | "env", Record<string, string>>;
  assert.equal(headers["lambda-runtime-invoked-function-arn"], lambdaContext.arn);
  assert.equal(headers["lambda-runtime-trace-id"], lambdaContext.traceId);
  assert.deepEqual(JSON.parse(headers["lambda-runtime-client-context"]!), lambdaContext.client);
  const {
    AWS_LAMBDA_FUNCTION_NAME,
    AWS_LAMBDA_FUNCTION_VERSION,
    AWS_LAMBDA_LOG_STREAM_NAME,
    AWS_EXECUTION_ENV,
    _HANDLER,
    AWS_LAMBDA_RUNTIME_API,
  } = env;
  assert.deepEqual([AWS_LAMBDA_FUNCTION_NAME, AWS_LAMBDA_FUNCTION_VERSION], ["orders", "$LATEST"]);
  assert.deepEqual([AWS_LAMBDA_LOG_STREAM_NAME, AWS_EXECUTION_ENV, _HANDLER], [lambdaFacts.logStream, undefined, "main.handle"]);
  assert.match(AWS_LAMBDA_RUNTIME_API!, /^127\.0\.0\.1:\d+$/);
});

test("a layer brings the program where the function has none", async (t) => {
  const agent = await started(t, { "data.txt": "1", ".mayfly-layers/bootstrap": bootstrap(`async () => "of a layer"`) });
  assert.equal((await invoke(agent)).value, "of a layer");
});

test("what a program reports of its start, or that it ends there, or that there is none, is told in AWS's words", async (t) => {
  const reports = `#!${process.execPath}
require("node:http").request({ port: process.env.AWS_LAMBDA_RUNTIME_API.split(":")[1], method: "POST", path: "/2018-06-01/runtime/init/error" }, () => process.exit(1))
  .end('{"errorType":"Own.Fault","errorMessage":"no luck"}');`;
  assert.deepEqual((await invoke(await started(t, { bootstrap: reports }))).value, { errorType: "Own.Fault", errorMessage: "no luck" });
  const ended = (await invoke(await started(t, { bootstrap: `#!/bin/sh\nexit 3\n` }))).value as { errorType: string; errorMessage: string };
  assert.equal(ended.errorType, "Runtime.ExitError");
  assert.match(ended.errorMessage, /^RequestId: id-\w+ Error: Runtime exited with error: exit status 3$/);
  const none = (await invoke(await started(t, { "data.txt": "1" }))).value as { errorType: string; errorMessage: string };
  assert.equal(none.errorType, "Runtime.InvalidEntrypoint");
  assert.match(none.errorMessage, /Couldn't find valid bootstrap\(s\): \[\/var\/task\/bootstrap \/opt\/bootstrap\]$/);
});
