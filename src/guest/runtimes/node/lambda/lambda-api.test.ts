/** What functions that were made by the Lambda API see, and how they fail, as AWS's runtime of Node.js has it. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { afterwards } from "../../../../base/testing/afterwards.ts";
import { bindLambda, invoke, lambdaContext, lambdaFacts } from "../../../testing/lambda-bind.ts";
import { type RunningAgent, startAgentProcess } from "../../../testing/running-agent.ts";

async function started(t: TestContext, handler: string, files: Record<string, string>, concurrency = 1): Promise<RunningAgent> {
  const agent = await startAgentProcess();
  afterwards(t, () => agent.kill());
  await bindLambda(agent, { format: "cjs", handler, files, message: { concurrency } });
  return agent;
}

test("the environment and the context are those that AWS documents", async (t) => {
  const code = `exports.handler = async (event, context) => ({ env: process.env, context, left: context.getRemainingTimeInMillis() })`;
  const agent = await started(t, "index.handler", { "index.js": code });
  const { env, context, left } = (await invoke(agent)).value as {
    env: Record<string, string>;
    context: Record<string, unknown>;
    left: number;
  };
  const { AWS_LAMBDA_FUNCTION_NAME, AWS_LAMBDA_FUNCTION_VERSION, AWS_LAMBDA_FUNCTION_MEMORY_SIZE, AWS_LAMBDA_LOG_GROUP_NAME } = env;
  assert.deepEqual(
    [AWS_LAMBDA_FUNCTION_NAME, AWS_LAMBDA_FUNCTION_VERSION, AWS_LAMBDA_FUNCTION_MEMORY_SIZE, AWS_LAMBDA_LOG_GROUP_NAME],
    ["orders", "$LATEST", "256", "/aws/lambda/orders"],
  );
  const { AWS_EXECUTION_ENV, AWS_REGION, AWS_DEFAULT_REGION, AWS_LAMBDA_INITIALIZATION_TYPE, TZ, LANG, _HANDLER, _X_AMZN_TRACE_ID } = env;
  assert.deepEqual([AWS_EXECUTION_ENV, AWS_REGION, AWS_DEFAULT_REGION], ["AWS_Lambda_nodejs20.x", "eu-west-1", "eu-west-1"]);
  assert.deepEqual([AWS_LAMBDA_INITIALIZATION_TYPE, TZ, LANG, _HANDLER], ["on-demand", ":UTC", "en_US.UTF-8", "index.handler"]);
  assert.equal(_X_AMZN_TRACE_ID, lambdaContext.traceId);
  assert.equal(env["AWS_LAMBDA_LOG_STREAM_NAME"], lambdaFacts.logStream);
  assert.match(env["PATH"]!, /:[^:]*\.mayfly-layers\/bin$/);
  const { functionName, functionVersion, invokedFunctionArn, memoryLimitInMB, logGroupName, logStreamName, clientContext } = context;
  assert.deepEqual([functionName, functionVersion, invokedFunctionArn], ["orders", "$LATEST", lambdaContext.arn]);
  assert.deepEqual([memoryLimitInMB, logGroupName, logStreamName], ["256", lambdaFacts.logGroup, lambdaFacts.logStream]);
  assert.deepEqual(clientContext, lambdaContext.client);
  assert.ok(left > 0 && left <= 60_000, String(left));
});

test("a handler is found in folders, in modules of every form, in objects, and in default exports", async (t) => {
  const files = {
    "src/app.mjs": `export const api = { get: async () => "esm" };`,
    "lib/main.cjs": `module.exports = { handler: async () => require("./other.js") };`,
    "lib/other.js": `module.exports = "required";`,
    "whole.js": `import { sep } from "node:path"; await 0; export default { handler: async () => sep };`,
    "package.json": `{}`,
  };
  for (const [handler, wanted] of Object.entries({ "src/app.api.get": "esm", "lib/main.handler": "required", "whole.handler": "/" }))
    assert.deepEqual((await invoke(await started(t, handler, files))).value, wanted, handler);
});

test("packages of a layer are found, and those of the function come first", async (t) => {
  const agent = await started(t, "index.handler", {
    "index.js": `exports.handler = async () => [require("own"), require("layered")]`,
    "node_modules/own/index.js": `module.exports = "own"`,
    ".mayfly-layers/nodejs/node_modules/own/index.js": `module.exports = "layer's"`,
    ".mayfly-layers/nodejs/node_modules/layered/index.js": `module.exports = "layered"`,
  });
  assert.deepEqual((await invoke(agent)).value, ["own", "layered"]);
});

test("a handler that throws is told by AWS's document, with the function's frames alone", async (t) => {
  const agent = await started(t, "index.handler", {
    "index.js": `class Own extends Error { name = "Own" }\nfunction deeper() { throw new Own("no luck") }\nexports.handler = async () => deeper()`,
  });
  const reply = await invoke(agent);
  const { errorType, errorMessage, trace } = reply.value as { errorType: string; errorMessage: string; trace: string[] };
  assert.deepEqual([reply.status, errorType, errorMessage], [500, "Own", "no luck"]);
  assert.match(trace.join("\n"), /^Own: no luck\n    at deeper \(.*index\.js:2:27\)\n    at .*index\.js:3/);
  assert.doesNotMatch(trace.join("\n"), /guest.runtimes|node:/);
});

for (const [what, handler, code, errorType, errorMessage] of [
  [
    "a module that is missing",
    "gone.handler",
    "",
    "Runtime.ImportModuleError",
    /^Error: Cannot find module 'gone'\nRequire stack:\n- \/var\/runtime\/index\.mjs$/,
  ],
  [
    "a package that is missing",
    "index.handler",
    `require("not-there")`,
    "Runtime.ImportModuleError",
    /^Error: Cannot find module 'not-there'\nRequire stack:\n- .*index\.js$/,
  ],
  ["a syntax error", "index.handler", `exports.handler = (`, "Runtime.UserCodeSyntaxError", /^SyntaxError: /],
  [
    "a handler that is not exported",
    "index.other",
    `exports.handler = () => 1`,
    "Runtime.HandlerNotFound",
    /^index\.other is undefined or not exported$/,
  ],
  [
    "an export that is no function",
    "index.handler",
    `exports.handler = 1`,
    "Runtime.HandlerNotFound",
    /^index\.handler is not a function$/,
  ],
  ["a handler without a dot", "index", `exports.handler = () => 1`, "Runtime.MalformedHandlerName", /^Bad handler$/],
  ["code that throws", "index.handler", `throw new RangeError("at load")`, "RangeError", /^at load$/],
  [
    "a result that JSON cannot hold",
    "index.handler",
    `exports.handler = async () => 1n`,
    "Runtime.JSONStringifyError",
    /^Unable to stringify response body$/,
  ],
] as const)
  test(`${what} is told as ${errorType}, with each call`, async (t) => {
    const agent = await started(t, handler, { "index.js": code });
    for (let time = 0; time < 2; time++) {
      const reply = await invoke(agent);
      const document = reply.value as { errorType: string; errorMessage: string; trace: unknown };
      assert.deepEqual([reply.status, reply.reset, document.errorType], [500, null, errorType]);
      assert.match(document.errorMessage, errorMessage);
      assert.ok(Array.isArray(document.trace));
    }
  });

test("a streamed result says whether it begins with metadata", async (t) => {
  const plain = `exports.handler = awslambda.streamifyResponse(async (event, stream) => { stream.write("a"); stream.end("b") })`;
  const reply = await invokeText(await started(t, "index.handler", { "index.js": plain }));
  assert.deepEqual([reply.text, reply.headers], ["ab", {}]);
  const withHead = `exports.handler = awslambda.streamifyResponse(async (event, stream) => {
    stream = awslambda.HttpResponseStream.from(stream, { statusCode: 201 }); stream.end("body") })`;
  const headed = await invokeText(await started(t, "index.handler", { "index.js": withHead }));
  assert.deepEqual(
    [headed.text, headed.headers],
    [`{"statusCode":201}${"\0".repeat(8)}body`, { "content-type": "application/vnd.awslambda.http-integration-response" }],
  );
});

test("with several invocations at a time, no variable names the trace of one", async (t) => {
  const agent = await started(t, "index.handler", { "index.js": `exports.handler = async () => process.env._X_AMZN_TRACE_ID ?? null` }, 10);
  assert.equal((await invoke(agent)).value, null);
});

function invokeText(agent: RunningAgent) {
  return agent.call({ input: { kind: "event", lambda: lambdaContext }, body: "{}" });
}
