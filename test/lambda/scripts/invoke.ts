import {
  CreateAliasCommand,
  GetFunctionConfigurationCommand,
  InvokeCommand,
  type InvocationType,
  type Runtime,
  UpdateAliasCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
} from "@aws-sdk/client-lambda";
import assert from "node:assert/strict";
import { forEach, type Replay, type Scripts } from "../replay.ts";
import { invoke, logLines, node, nodeEchoCode, python, pythonEchoCode, pythonWaits } from "./invoking.ts";
import { publish } from "./versions.ts";

const HANDLER = "handler.handler";
const languages = {
  nodejs: { Runtime: "nodejs20.x", Handler: "index.handler" },
  python: { Runtime: "python3.12", Handler: HANDLER },
} as const;
const PAYLOAD_ERROR = "TestLambdaErrors::test_lambda_invoke_payload_encoding_error[message-\\x99\\xeb,j\\x07\\xa1zYh]";

export const invokeScripts: Scripts = {
  async "TestLambdaAliases::test_lambda_alias_moving"(replay) {
    const name = replay.name("alias-fn");
    const { lambda } = replay;
    replay.match("create_response", await replay.createPlain(name, { Handler: HANDLER, Description: "No version :(", Code: ofVersion(1) }));
    await publish(replay, name, { Description: "First version description :)" });
    const alias = await lambda.send(new CreateAliasCommand({ FunctionName: name, Name: "alias1", FunctionVersion: "1" }));
    replay.match("create_alias_response", alias);
    const call = (Qualifier = "alias1") => invoke(replay, name, {}, { Qualifier });
    replay.match("invocation_result_qualifier_v1", await call());
    replay.match("invocation_result_qualifier_v1_arn", await invoke(replay, alias.AliasArn!, {}));
    replay.match("update_lambda_response", await lambda.send(new UpdateFunctionCodeCommand({ FunctionName: name, ...ofVersion(2) })));
    await replay.updated(name);
    replay.match("invocation_result_qualifier_v1_after_update", await call());
    replay.match("second_publish_response", await publish(replay, name, { Description: "Second version description :)" }));
    replay.match("invocation_result_qualifier_v1_after_publish", await call());
    replay.match(
      "update_alias_response",
      await lambda.send(new UpdateAliasCommand({ FunctionName: name, Name: "alias1", FunctionVersion: "2" })),
    );
    replay.match("invocation_result_qualifier_v2", await call());
    await replay.matchFailure("invocation_exc_not_existent", call("non-existent-alias"));
  },

  async "TestLambdaVersions::test_lambda_versions_with_code_changes"(replay) {
    const name = replay.name("fn");
    const { lambda } = replay;
    const call = (Qualifier?: string) => invoke(replay, name, {}, Qualifier === undefined ? {} : { Qualifier });
    const update = (version: number, more: object = {}) =>
      lambda.send(new UpdateFunctionCodeCommand({ FunctionName: name, ...ofVersion(version), ...more }));
    replay.match("create_response", await replay.createPlain(name, { Handler: HANDLER, Description: "No version :(", Code: ofVersion(1) }));
    replay.match("first_publish_response", await publish(replay, name, { Description: "First version description :)" }));
    replay.match("update_lambda_response", await update(2));
    await replay.updated(name);
    replay.match("invocation_result_latest", await call());
    replay.match("invocation_result_v1", await call("1"));
    replay.match("second_publish_response", await publish(replay, name, { Description: "Second version description :)" }));
    replay.match("invocation_result_v2", await call("2"));
    replay.match("update_lambda_response_with_publish", await update(3, { Publish: true }));
    await replay.updated(name);
    await replay.active(name, "3");
    replay.match("invocation_result_v3", await call("3"));
    replay.match("invocation_result_latest_end", await call());
    replay.match("invocation_result_v2_end", await call("2"));
    replay.match("invocation_result_v1_end", await call("1"));
  },

  async "TestLambdaVersions::test_function_update_during_invoke"(replay) {
    const name = replay.name("fn");
    const { lambda } = replay;
    const variant = (value: string) => ({ Environment: { Variables: { FUNCTION_VARIANT: value } } });
    await replay.create(name, { Code: variants, ...variant("variant-1") });
    await invoke(replay, name, { request_prefix: "0" });
    const before = invoke(replay, name, { request_prefix: "1-sleep" });
    // The call is under way.
    await new Promise((resolve) => setTimeout(resolve, 500));
    await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: name, ...variant("variant-2") }));
    await replay.updated(name);
    const after = await invoke(replay, name, { request_prefix: "2" });
    assert.equal((after.Payload as { function_variant: string }).function_variant, "variant-2");
    replay.match("invoke_response_before", await before);
  },

  async "TestLambdaBaseFeatures::test_function_state"(replay) {
    const name = replay.name("fn");
    replay.match("create-fn-response", await replay.createPlain(name, { Handler: HANDLER }));
    replay.match("get-fn-response", await replay.get(name));
  },

  async "TestLambdaBaseFeatures::test_lambda_large_response"(replay) {
    const name = replay.name("fn");
    const bytes = 6_291_456 - 2;
    await replay.create(name, { MemorySize: 256, Code: python(`def handler(event, context):\n    return "x" * ${bytes}\n`) });
    const { Payload } = await invoke(replay, name, {});
    assert.equal((Payload as string).length, bytes + 2);
  },

  async "TestLambdaBehavior::test_lambda_init_environment"(replay) {
    const name = replay.name("fn");
    const code = "import os\n\ndef handler(event, context):\n    return {'environment': dict(os.environ)}\n";
    replay.match("create-result", await replay.create(name, { Runtime: "python3.14", Code: python(code) }));
    replay.match("lambda-init-inspection", await invoke(replay, name, {}));
  },

  // Its functions ask AWS who they are, which is not recorded.
  async "TestLambdaBaseFeatures::test_lambda_different_iam_keys_environment"(replay) {
    const name = replay.name("fn");
    replay.match("create-result", await replay.create(name, { Code: pythonEchoCode }));
    assert.deepEqual((await invoke(replay, name, { a: 1 })).Payload, { a: 1 });
  },

  // The recorded answers are those to the creation and the change. A host has one architecture.
  async "TestLambdaBehavior::test_mixed_architecture"(replay) {
    const name = replay.name("fn");
    replay.match("create_function_response", await replay.create(name, { Architectures: ["x86_64"], Code: pythonEchoCode }));
    const change = { FunctionName: name, ...python("def handler(event, context):\n    return 1\n"), Architectures: ["arm64" as const] };
    replay.match("update_function_code_response", await replay.lambda.send(new UpdateFunctionCodeCommand(change)));
    await replay.updated(name);
  },

  async "TestLambdaBehavior::test_lambda_invoke_timed_out_environment_reuse"(replay) {
    const name = replay.name("fn");
    replay.match("create-result", await replay.create(name, { Timeout: 1, Code: keeping }));
    replay.match("invoke-result-file-write", await invoke(replay, name, { write: "some-content" }));
    replay.match("invoke-result-file-read", await invoke(replay, name, { read: true }));
    replay.match("invoke-result-set-number", await invoke(replay, name, { set: 42 }));
    replay.match("invoke-result-read-number", await invoke(replay, name, { get: true }));
    replay.match("invoke-result-timed-out", await invoke(replay, name, { sleep: 2 }));
    replay.match("invoke-result-read-number-after-timeout", await invoke(replay, name, { get: true }));
  },

  async "TestLambdaBehavior::test_lambda_invoke_no_timeout"(replay) {
    const name = replay.name("fn");
    replay.match("create-result", await replay.create(name, { Timeout: 2, Code: pythonWaits }));
    replay.match("invoke-result", await invoke(replay, name, { wait: 1 }));
  },

  async "TestLambdaBehavior::test_lambda_invoke_with_timeout"(replay) {
    const name = replay.name("fn");
    replay.match("create-result", await replay.create(name, { Timeout: 1, Code: pythonWaits }));
    replay.match("invoke-result", await invoke(replay, name, { wait: 2 }));
  },

  ...forEach("TestLambdaBehavior::test_lambda_cache_local", ["nodejs", "python"] as const, async (replay, language) => {
    const name = replay.name("fn");
    await replay.create(name, { ...languages[language], Code: counters[language] });
    replay.match("first_invoke_result", await invoke(replay, name));
    replay.match("second_invoke_result", await invoke(replay, name));
  }),

  ...errorScript(
    "test_lambda_handler_error",
    "lambda_handler_error",
    'def handler(event, context):\n    raise Exception("Handler fails")\n',
  ),
  ...errorScript("test_lambda_handler_exit", "lambda_handler_exit", "import sys\n\ndef handler(event, context):\n    sys.exit(0)\n"),
  ...errorScript("test_lambda_runtime_error", "lambda_runtime_error", 'raise Exception("Runtime startup fails")\n'),
  ...errorScript("test_lambda_runtime_exit", "lambda_runtime_exit", "import sys\n\nsys.exit(0)\n"),

  async [PAYLOAD_ERROR](replay) {
    const name = replay.name("fn");
    await replay.create(name);
    const Payload = Buffer.from([0x99, 0xeb, 0x2c, 0x6a, 0x07, 0xa1, 0x7a, 0x59, 0x68]);
    await replay.matchFailure(
      "invoke_function_invalid_payload_message",
      replay.lambda.send(new InvokeCommand({ FunctionName: name, Payload })),
    );
  },

  ...typeScripts("test_invocation_type_dry_run", "DryRun", ["nodejs16.x", "python3.10"]),
  ...typeScripts("test_invocation_type_event", "Event", ["nodejs16.x", "python3.9"]),
  ...typeScripts("test_invocation_type_request_response", "RequestResponse", ["nodejs16.x", "python3.10"]),

  ...forEach(
    "TestLambdaFeatures::test_invocation_type_no_return_payload",
    ["nodejs-Event", "nodejs-RequestResponse", "python-Event", "python-RequestResponse"] as const,
    async (replay, parameter) => {
      const [language, type] = parameter.split("-") as ["nodejs" | "python", InvocationType];
      const name = replay.name("fn");
      await replay.create(name, { ...languages[language], Code: silent[language] });
      replay.match("invoke-result", await invoke(replay, name, {}, { InvocationType: type }));
    },
  ),

  ...forEach("TestLambdaFeatures::test_invocation_with_logs", ["nodejs16.x", "python3.10"] as const, async (replay, Runtime) => {
    const name = replay.name("fn");
    await createEcho(replay, name, Runtime);
    const answer = await invoke(replay, name, {}, { LogType: "Tail" });
    replay.match("invoke", answer);
    replay.match("logs", { logs: logLines(answer) });
  }),

  async "TestLambdaFeatures::test_invocation_with_qualifier"(replay) {
    const name = replay.name("fn");
    replay.match("creation-response", await replay.createPlain(name, { Handler: HANDLER, Timeout: 10, Publish: true, Code: telling }));
    await replay.active(name, "1");
    const answer = await invoke(replay, name, { foo: "bar with 'quotes\"" }, { Qualifier: "1", LogType: "Tail" });
    replay.match("invocation-response", answer);
    const lines = logLines(answer).map((line) => line.trim());
    replay.match("log_result", { log_result: lines.filter((line) => !line.startsWith("REPORT")) });
  },

  async "TestLambdaFeatures::test_invocation_type_event_error"(replay) {
    const name = replay.name("fn");
    const Code = python(
      "class CustomException(Exception):\n    pass\n\n\ndef handler(event, context):\n    raise CustomException('some error occurred')\n",
    );
    replay.match("creation_response", await replay.create(name, { Runtime: "python3.10", Code }));
    replay.match("invocation_response", await invoke(replay, name, {}, { InvocationType: "Event" }));
  },

  async "TestRequestIdHandling::test_request_id_async_invoke_with_retry"(replay) {
    const name = replay.name("fn");
    await replay.create(name, { Code: python("def handler(event, context):\n    raise Exception('Failed')\n") });
    replay.match("invoke_result", await invoke(replay, name, {}, { InvocationType: "Event" }));
  },

  async "TestLambdaFeatures::test_invoke_exceptions"(replay) {
    await replay.matchFailure("invoke_function_doesnotexist", invoke(replay, "doesnotexist", {}));
  },

  async "TestLambdaFeatures::test_lambda_environment"(replay) {
    const name = replay.name("fn");
    const Environment = { Variables: { Hello: "World" } };
    const Code = python("import os\n\ndef handler(event, context):\n    return {'Hello': os.environ['Hello']}\n");
    replay.match("creation-result", await replay.create(name, { Runtime: "python3.9", Environment, Code }));
    replay.match("get-configuration-result", await replay.lambda.send(new GetFunctionConfigurationCommand({ FunctionName: name })));
    replay.match("invocation-result", await invoke(replay, name, {}));
  },

  async "TestRequestIdHandling::test_request_id_format"(replay) {
    const name = replay.name("fn");
    await replay.create(name);
    const { $metadata } = await replay.lambda.send(new InvokeCommand({ FunctionName: name }));
    assert.match($metadata.requestId ?? "", /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  },

  async "TestRequestIdHandling::test_request_id_invoke"(replay) {
    const name = replay.name("fn");
    await replay.create(name, { Code: tellingId });
    const answer = await invoke(replay, name, {}, { LogType: "Tail" });
    const { LogResult: _, ...rest } = answer;
    replay.match("invoke_result", rest);
    replay.match("log_entries", { logs: logLines(answer).map((line) => line.trim()) });
  },
};

/** A script for a Python file that fails. */
function errorScript(test: string, file: string, code: string): Scripts {
  return {
    async [`TestLambdaErrors::${test}`](replay) {
      const name = replay.name("fn");
      await replay.create(name, { Runtime: "python3.13", Handler: `${file}.handler`, Code: python(code, `${file}.py`) });
      replay.match("invocation_error", await invoke(replay, name, {}));
    },
  };
}

function typeScripts(test: string, InvocationType: InvocationType, runtimes: Runtime[]): Scripts {
  return forEach(`TestLambdaFeatures::${test}`, runtimes, async (replay, Runtime) => {
    const name = replay.name("fn");
    await createEcho(replay, name, Runtime);
    replay.match("invoke-result", await invoke(replay, name, {}, { InvocationType }));
  });
}

async function createEcho(replay: Replay, name: string, Runtime: Runtime): Promise<void> {
  const isNode = Runtime.startsWith("nodejs");
  await replay.create(name, { Runtime, Handler: isNode ? "index.handler" : HANDLER, Code: isNode ? nodeEchoCode : pythonEchoCode });
}

function ofVersion(version: number): { ZipFile: Buffer } {
  return python(
    `def handler(event, context):
    return {"version_id": "version${version}", "invoked_arn": context.invoked_function_arn, "version_from_ctx": context.function_version}
`,
  );
}

const variants = python(`import os, time

def handler(event, context):
    prefix = event["request_prefix"]
    if prefix.endswith("sleep"):
        time.sleep(3)
    return {
        "function_variant": os.environ["FUNCTION_VARIANT"],
        "function_version": context.function_version,
        "request_id": context.aws_request_id,
        "request_prefix": prefix,
    }
`);

const keeping = python(`import pathlib, time

number = 0
file = pathlib.Path("/tmp/kept")

def handler(event, context):
    global number
    if "write" in event:
        file.write_text(event["write"])
    if "read" in event:
        return {"content": file.read_text()}
    if "set" in event:
        number = event["set"]
    if "get" in event:
        return {"number": number}
    time.sleep(event.get("sleep", 0))
`);

const counters = {
  nodejs: node("let counter = -1;\nexports.handler = async () => ({ counter: (counter += 1) });\n"),
  python: python("counter = -1\n\ndef handler(event, context):\n    global counter\n    counter += 1\n    return {'counter': counter}\n"),
};

const silent = {
  nodejs: node("exports.handler = async (event) => console.log(event);\n"),
  python: python("def handler(event, context):\n    print(event)\n"),
};

const telling = python(`import logging

logger = logging.getLogger()
logger.setLevel(logging.INFO)

def handler(event, context):
    print("Lambda log message - print function")
    logger.info("Lambda log message - logging module")
    names = ["aws_request_id", "client_context", "function_name", "function_version", "invoked_function_arn", "log_group_name", "log_stream_name", "memory_limit_in_mb"]
    return {"event": event, "context": {name: getattr(context, name) for name in names}}
`);

const tellingId = python(`import logging

logger = logging.getLogger()
logger.setLevel(logging.INFO)

def handler(event, context):
    logger.info("RequestId log message")
    return context.aws_request_id
`);
