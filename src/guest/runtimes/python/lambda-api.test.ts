/** What functions that were made by the Lambda API see, and how they fail, as AWS's runtime of Python has it. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { afterwards } from "../../../base/testing/afterwards.ts";
import { bindLambda, invoke, lambdaContext, lambdaFacts } from "../../testing/lambda-bind.ts";
import { pythonAgent } from "../../testing/python-agent.ts";
import { type RunningAgent, startAgentProcess } from "../../testing/running-agent.ts";

const start = pythonAgent({ suite: "bookworm" });

async function started(t: TestContext, handler: string, files: Record<string, string>): Promise<RunningAgent> {
  const agent = await startAgentProcess({ start });
  afterwards(t, () => agent.kill());
  await bindLambda(agent, { format: "python", handler, files });
  return agent;
}

test("the environment and the context are those that AWS documents", async (t) => {
  const code = `
import os
def handler(event, context):
    names = ("function_name", "function_version", "invoked_function_arn", "memory_limit_in_mb", "log_group_name", "log_stream_name")
    client = context.client_context
    return {"env": dict(os.environ), "context": [getattr(context, name) for name in names], "id": context.aws_request_id,
            "client": [client.custom, client.client.app_title, client.env], "cwd": os.getcwd()}
`;
  const agent = await started(t, "app.handler", { "app.py": code });
  const { env, context, client, cwd } = (await invoke(agent)).value as {
    env: Record<string, string>;
    context: unknown[];
    client: unknown[];
    cwd: string;
  };
  assert.deepEqual(context, ["orders", "$LATEST", lambdaContext.arn, "256", lambdaFacts.logGroup, lambdaFacts.logStream]);
  assert.deepEqual(client, [{ a: "1" }, "Täst", null]);
  const { AWS_LAMBDA_FUNCTION_NAME, AWS_EXECUTION_ENV, AWS_REGION, AWS_LAMBDA_INITIALIZATION_TYPE, TZ, _HANDLER, _X_AMZN_TRACE_ID } = env;
  assert.deepEqual([AWS_LAMBDA_FUNCTION_NAME, AWS_EXECUTION_ENV, AWS_REGION], ["orders", "AWS_Lambda_nodejs20.x", "eu-west-1"]);
  assert.deepEqual(
    [AWS_LAMBDA_INITIALIZATION_TYPE, TZ, _HANDLER, _X_AMZN_TRACE_ID],
    ["on-demand", ":UTC", "app.handler", lambdaContext.traceId],
  );
  assert.equal(env["LAMBDA_TASK_ROOT"], cwd);
});

test("a handler is found in packages, and modules of a layer are found", async (t) => {
  const files = {
    "pkg/__init__.py": "",
    "pkg/mod.py": "import layered\ndef handler(event, context):\n    return layered.name",
    ".mayfly-layers/python/layered.py": "name = 'from a layer'",
  };
  for (const handler of ["pkg.mod.handler", "pkg/mod.handler"])
    assert.equal((await invoke(await started(t, handler, files))).value, "from a layer", handler);
});

test("a handler that raises is told by AWS's document, with the frames as the traceback module lists them", async (t) => {
  const agent = await started(t, "app.handler", { "app.py": `def handler(event, context):\n    raise KeyError("no luck")` });
  const reply = await invoke(agent);
  const { stackTrace, requestId, ...document } = reply.value as { stackTrace: string[]; requestId: string };
  assert.deepEqual([reply.status, document], [500, { errorMessage: "'no luck'", errorType: "KeyError" }]);
  assert.match(requestId, /^id-/);
  assert.equal(stackTrace.length, 1);
  assert.match(stackTrace[0]!, /^  File ".*\/app\.py", line 2, in handler\n    raise KeyError\("no luck"\)\n$/);
  const line = agent.logs.find(({ text }) => text.includes("no luck"))!;
  assert.match(
    line.text,
    /^\[ERROR\] KeyError: 'no luck'\nTraceback \(most recent call last\):\n\u00a0\u00a0File ".*", line 2, in handler\n\u00a0{4}raise/,
  );
});

for (const [what, handler, code, errorType, errorMessage] of [
  ["a module that is missing", "gone.handler", "", "Runtime.ImportModuleError", "Unable to import module 'gone': No module named 'gone'"],
  [
    "a package that is missing",
    "app.handler",
    "import not_there",
    "Runtime.ImportModuleError",
    "Unable to import module 'app': No module named 'not_there'",
  ],
  [
    "a syntax error",
    "app.handler",
    "def handler(",
    "Runtime.UserCodeSyntaxError",
    "Syntax error in module 'app': '(' was never closed (app.py, line 1)",
  ],
  ["a handler that is missing", "app.other", "x = 1", "Runtime.HandlerNotFound", "Handler 'other' missing on module 'app'"],
  [
    "a handler without a dot",
    "app",
    "x = 1",
    "Runtime.MalformedHandlerName",
    "Bad handler 'app': not enough values to unpack (expected 2, got 1)",
  ],
  ["code that raises", "app.handler", `raise ValueError("at load")`, "ValueError", "at load"],
  [
    "a result that JSON cannot hold",
    "app.handler",
    "def handler(e, c):\n    return {1, 2}",
    "Runtime.MarshalError",
    "Unable to marshal response: Object of type set is not JSON serializable",
  ],
] as const)
  test(`${what} is told as ${errorType}, with each call`, async (t) => {
    const agent = await started(t, handler, { "app.py": code });
    for (let time = 0; time < 2; time++) {
      const reply = await invoke(agent);
      const document = reply.value as { errorType: string; errorMessage: string; requestId: string; stackTrace: unknown };
      assert.deepEqual(
        [reply.status, reply.reset, document.errorType, document.errorMessage.replace(/\(.*\/app\.py,/, "(app.py,")],
        [500, null, errorType, errorMessage],
      );
      assert.equal(document.requestId === "", errorType !== "Runtime.MarshalError");
      assert.ok(Array.isArray(document.stackTrace));
    }
  });

test("the root logger writes as AWS's does", async (t) => {
  const code = `
import logging
log = logging.getLogger()
log.setLevel(logging.INFO)
def handler(event, context):
    log.info("from %s", "logging")
    print("printed")
`;
  const agent = await started(t, "app.handler", { "app.py": code });
  const { stream } = await invoke(agent);
  const [first, second] = agent.logs.filter((line) => line.stream === stream).map(({ text }) => text);
  assert.match(first!, /^\[INFO\]\t\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\tid-\w+\tfrom logging$/);
  assert.equal(second, "printed");
});
