/** What AWS recorded of all runtimes alike, with functions of the same behaviour in each language. */
import { type CreateFunctionCommandInput, InvokeCommand, type Runtime } from "@aws-sdk/client-lambda";
import assert from "node:assert/strict";
import { bootstrap } from "../../../src/guest/runtimes/testing/bootstrap.ts";
import { forEach, type Replay, type Scripts } from "../replay.ts";
import { zip } from "../zip.ts";
import { invoke, python } from "./invoking.ts";
import { javaJar } from "./java.ts";

const COMMON = "TestLambdaRuntimesCommon::";
const pythons = ["python3.8", "python3.9", "python3.10", "python3.11", "python3.12", "python3.13", "python3.14"] as const;
const programs = ["provided.al2023", "provided.al2"] as const;

export const commonScripts: Scripts = {
  ...forEach(
    `${COMMON}test_echo_invoke`,
    ["java11", "java17", "java8.al2", "nodejs20.x", "nodejs22.x", "nodejs24.x", ...programs, ...pythons],
    async (replay, runtime) => {
      const name = replay.name("fn");
      await create(replay, name, runtime, "echo");
      for (const payload of [{ hello: "world" }, [1, "two", null], "text", 3.5, true, null, { nested: { ü: ["\u{1f600}"] } }]) {
        const { Payload } = await replay.lambda.send(new InvokeCommand({ FunctionName: name, Payload: JSON.stringify(payload) }));
        assert.deepEqual(JSON.parse(Payload!.transformToString()), payload);
      }
    },
  ),

  ...forEach(
    `${COMMON}test_introspection_invoke`,
    [
      "java11",
      "java17",
      "java21",
      "java25",
      "nodejs18.x",
      "nodejs20.x",
      "nodejs24.x",
      ...programs,
      "python3.11",
      "python3.12",
      "python3.13",
      "python3.14",
      "python3.8",
      "python3.9",
    ] as const,
    async (replay, runtime) => {
      const name = replay.name("fn");
      replay.match(
        "create_function_result",
        await create(replay, name, runtime, "introspection", { Environment: { Variables: { TEST_KEY: "TEST_VAL" } } }),
      );
      replay.match("invocation_result_payload", (await invoke(replay, name, {})).Payload);
      replay.match("invocation_result_payload_qualified", (await invoke(replay, `${replay.arn(name)}:$LATEST`, {})).Payload);
    },
  ),

  ...forEach(
    `${COMMON}test_uncaught_exception_invoke`,
    ["java11", "java25", ...programs, "python3.10", "python3.11", "python3.14", "python3.9"] as const,
    async (replay, runtime) => {
      const name = replay.name("fn");
      replay.match("create_function_result", await create(replay, name, runtime, "fails"));
      replay.match("error_result", await invoke(replay, name, { error_msg: "some_error_msg" }));
    },
  ),

  // The recorded answer is that to the creation. Here, wrappers start the runtimes of Node.js alone, and functions of others that name one are refused by their state.
  ...forEach(
    `${COMMON}test_runtime_wrapper_invoke`,
    ["java11", "java25", "nodejs20.x", "nodejs24.x", "python3.13", "python3.14", "python3.8", "python3.9"] as const,
    async (replay, runtime) => {
      const name = replay.name("fn");
      const Environment = { Variables: { AWS_LAMBDA_EXEC_WRAPPER: "/var/task/environment_wrapper" } };
      replay.match("create_function_result", await create(replay, name, runtime, "introspection", { Environment }));
      if (!runtime.startsWith("nodejs")) return;
      const { environment } = (await invoke(replay, name, {})).Payload as { environment: Record<string, string> };
      assert.deepEqual(
        [environment["AWS_LAMBDA_EXEC_WRAPPER"], environment["WRAPPER_VAR"]],
        ["/var/task/environment_wrapper", "test-path"],
      );
    },
  ),

  ...forEach(
    "TestLambdaCallingLocalstack::test_manual_endpoint_injection",
    [
      "java11",
      "java17",
      "java25",
      "java8.al2",
      "nodejs16.x",
      "nodejs18.x",
      "nodejs20.x",
      "python3.10",
      "python3.11",
      "python3.12",
      "python3.13",
      "python3.14",
    ] as const,
    async (replay, runtime) => {
      const name = replay.name("fn");
      const Variables = { CONFIGURE_CLIENT: "1" };
      await create(replay, name, runtime, "introspection", { Environment: { Variables } });
      const { environment } = (await invoke(replay, name, {})).Payload as { environment: Record<string, string> };
      assert.deepEqual([environment["CONFIGURE_CLIENT"], environment["AWS_REGION"]], ["1", replay.region]);
    },
  ),
};

type Behaviour = "echo" | "introspection" | "fails";

async function create(
  replay: Replay,
  name: string,
  runtime: Runtime,
  behaviour: Behaviour,
  more: Partial<CreateFunctionCommandInput> = {},
): Promise<object> {
  const { Handler, ZipFile } = await codeOf(runtime, behaviour);
  return replay.createPlain(name, { Runtime: runtime, Handler, MemorySize: 1_024, Code: { ZipFile }, ...more });
}

async function codeOf(runtime: string, behaviour: Behaviour): Promise<{ Handler: string; ZipFile: Buffer }> {
  if (runtime.startsWith("nodejs"))
    return { Handler: "index.handler", ZipFile: zip([{ name: "index.js", content: nodeCode[behaviour] }, wrapper]) };
  if (runtime.startsWith("python")) return { Handler: "handler.handler", ...python(pythonCode[behaviour]) };
  if (runtime.startsWith("java")) return { Handler: "echo.Handler", ZipFile: await javaJar("echo", javaCode[behaviour]) };
  return { Handler: "function.handler", ZipFile: zip([{ name: "bootstrap", content: bootstrap(programCode[behaviour]), mode: 0o100755 }]) };
}

const wrapper = { name: "environment_wrapper", content: '#!/bin/bash\nexport WRAPPER_VAR="test-path"\nexec "$@"\n', mode: 0o100755 };

const nodeCode = {
  echo: "exports.handler = async (event) => event;\n",
  introspection: `exports.handler = async (event, context) => ({
  ctx: {
    aws_request_id: context.awsRequestId,
    function_name: context.functionName,
    function_version: context.functionVersion,
    invoked_function_arn: context.invokedFunctionArn,
    log_group_name: context.logGroupName,
    log_stream_name: context.logStreamName,
    remaining_time_in_millis: context.getRemainingTimeInMillis(),
  },
  environment: process.env,
  packages: [],
});
`,
  fails: "exports.handler = async ({ error_msg }) => { throw new Error(error_msg); };\n",
};

const pythonCode = {
  echo: "def handler(event, context):\n    return event\n",
  introspection: `import os

def handler(event, context):
    names = ["aws_request_id", "function_name", "function_version", "invoked_function_arn", "log_group_name", "log_stream_name", "memory_limit_in_mb"]
    ctx = {name: getattr(context, name) for name in names}
    ctx["remaining_time_in_millis"] = context.get_remaining_time_in_millis()
    return {"environment": dict(os.environ), "ctx": ctx, "packages": []}
`,
  fails: 'def handler(event, context):\n    raise Exception("Failed: " + event["error_msg"])\n',
};

const javaHead = `package echo;
import com.amazonaws.services.lambda.runtime.*;
import java.util.*;
`;

const javaCode = {
  echo: `${javaHead}
public class Handler implements RequestHandler<Object, Object> {
  public Object handleRequest(Object event, Context context) { return event; }
}`,
  introspection: `${javaHead}
public class Handler implements RequestHandler<Map<String, Object>, Map<String, Object>> {
  public Map<String, Object> handleRequest(Map<String, Object> event, Context context) {
    Map<String, Object> ctx = new HashMap<>();
    ctx.put("aws_request_id", context.getAwsRequestId());
    ctx.put("function_name", context.getFunctionName());
    ctx.put("function_version", context.getFunctionVersion());
    ctx.put("invoked_function_arn", context.getInvokedFunctionArn());
    ctx.put("log_group_name", context.getLogGroupName());
    ctx.put("log_stream_name", context.getLogStreamName());
    ctx.put("memory_limit_in_mb", "" + context.getMemoryLimitInMB());
    ctx.put("remaining_time_in_millis", "" + context.getRemainingTimeInMillis());
    return Map.of("ctx", ctx, "environment", System.getenv(), "packages", List.of());
  }
}`,
  fails: `${javaHead}
public class Handler implements RequestHandler<Map<String, Object>, Object> {
  public Object handleRequest(Map<String, Object> event, Context context) { throw new RuntimeException("Error: " + event.get("error_msg")); }
}`,
};

const programCode = {
  echo: "async (event) => event",
  introspection: `async (event, { id, headers }) => ({
  ctx: {
    aws_request_id: id,
    deadline: headers["lambda-runtime-deadline-ms"],
    function_name: process.env.AWS_LAMBDA_FUNCTION_NAME,
    function_version: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    invoked_function_arn: headers["lambda-runtime-invoked-function-arn"],
    log_group_name: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    log_stream_name: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    memory_limit_in_mb: Number(process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE),
  },
  environment: { ...process.env, _X_AMZN_TRACE_ID: headers["lambda-runtime-trace-id"] },
  packages: [],
})`,
  fails: `async ({ error_msg }, { id }) => {
  const report = { errorMessage: 'Error: "' + error_msg + '"', errorType: "&alloc::boxed::Box<dyn core::error::Error + core::marker::Send + core::marker::Sync>" };
  await post("invocation/" + id + "/error", JSON.stringify(report));
  return answered;
}`,
};
