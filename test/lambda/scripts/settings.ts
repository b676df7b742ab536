import {
  CreateEventSourceMappingCommand,
  CreateFunctionCommand,
  DeleteEventSourceMappingCommand,
  GetAccountSettingsCommand,
  GetEventSourceMappingCommand,
  GetFunctionConfigurationCommand,
  ListEventSourceMappingsCommand,
  PublishVersionCommand,
  PutFunctionConcurrencyCommand,
  PutFunctionRecursionConfigCommand,
  PutProvisionedConcurrencyConfigCommand,
  type Runtime,
  UpdateEventSourceMappingCommand,
  UpdateFunctionConfigurationCommand,
  type LoggingConfig,
} from "@aws-sdk/client-lambda";
import { randomUUID } from "node:crypto";
import { asRecorded, forEach, pythonEcho, type Replay, type Scripts } from "../replay.ts";
import { zip } from "../zip.ts";

const KB = 1_024;

export const settingScripts: Scripts = {
  async "TestLambdaAccountSettings::test_account_settings"(replay) {
    const answer = asRecorded(await replay.lambda.send(new GetAccountSettingsCommand({}))) as {
      AccountLimit: object;
      AccountUsage: object;
    };
    const keys = (object: object) => Object.keys(object).toSorted();
    replay.match("acc_settings_modded", { ...answer, AccountLimit: keys(answer.AccountLimit), AccountUsage: keys(answer.AccountUsage) });
  },

  async "TestLambdaReservedConcurrency::test_function_concurrency_exceptions"(replay) {
    const name = replay.name("lambda_func");
    const put = (FunctionName: string, ReservedConcurrentExecutions: number) =>
      replay.lambda.send(new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions }));
    await replay.matchFailure("put_function_concurrency_with_function_name_doesnotexist", put("doesnotexist", 1));
    await replay.matchFailure("put_function_concurrency_with_function_name_doesnotexist_and_invalid_concurrency", put("doesnotexist", 0));
    await replay.create(name);
    const latest = await replay.lambda.send(new GetFunctionConfigurationCommand({ FunctionName: name, Qualifier: "$LATEST" }));
    await replay.matchFailure("put_function_concurrency_with_qualified_arn", put(latest.FunctionArn!, 0));
  },

  async "TestLambdaReservedConcurrency::test_function_concurrency_limits"(replay) {
    const name = replay.name("lambda_func");
    await replay.create(name);
    const most = await accountConcurrency(replay);
    const put = (ReservedConcurrentExecutions: number) =>
      replay.lambda.send(new PutFunctionConcurrencyCommand({ FunctionName: name, ReservedConcurrentExecutions }));
    await replay.matchFailure("put_function_concurrency_account_limit_exceeded", put(most + 1));
    await replay.matchFailure("put_function_concurrency_below_unreserved_min_value", put(most));
  },

  async "TestLambdaProvisionedConcurrency::test_provisioned_concurrency_limits"(replay) {
    const name = replay.name("lambda_func");
    await replay.create(name);
    await replay.lambda.send(new PublishVersionCommand({ FunctionName: name }));
    const most = await accountConcurrency(replay);
    const put = (ProvisionedConcurrentExecutions: number) =>
      replay.lambda.send(
        new PutProvisionedConcurrencyConfigCommand({ FunctionName: name, Qualifier: "1", ProvisionedConcurrentExecutions }),
      );
    await replay.matchFailure("put_provisioned_concurrency_account_limit_exceeded", put(most + 1));
    await replay.matchFailure("put_provisioned_concurrency_below_unreserved_min_value", put(most));
  },

  async "TestLambdaRecursion::test_put_function_recursion_config_invalid_value"(replay) {
    const name = replay.name("fn");
    await replay.create(name);
    const wrong = { FunctionName: name, RecursiveLoop: "InvalidValue" as "Allow" };
    await replay.matchFailure("put_recursion_invalid_value_error", replay.lambda.send(new PutFunctionRecursionConfigCommand(wrong)));
  },

  async "TestLambdaSizeLimits::test_lambda_envvars_near_limit_succeeds"(replay) {
    replay.match("successful_create_fn_result", await withVariables(replay, { LARGE_VAR: "x".repeat(4 * KB - 7 - "LARGE_VAR".length) }));
  },

  async "TestLambdaSizeLimits::test_large_environment_variables_fails"(replay) {
    await replay.matchFailure("failed_create_fn_result", withVariables(replay, { LARGE_VAR: "x".repeat(4 * KB - 6 - "LARGE_VAR".length) }));
  },

  async "TestLambdaSizeLimits::test_large_environment_fails_multiple_keys"(replay) {
    await replay.matchFailure(
      "failured_create_fn_result_multi_key",
      withVariables(replay, { SMALL_VAR: "ok", LARGE_VAR: "x".repeat(4_064) }),
    );
  },

  async "TestLambdaSizeLimits::test_oversized_request_create_lambda"(replay) {
    const code = zip([{ name: "handler.py", content: "#".repeat(52_428_800 - KB) }]);
    const large = "#".repeat(70_167_211 - 52_428_800 + KB * KB);
    const input = { Role: replay.role, Runtime: "python3.12", Handler: "handler.handler", Timeout: 10 } as const;
    const command = new CreateFunctionCommand({
      ...input,
      FunctionName: replay.name("test_lambda"),
      Code: { ZipFile: code },
      Environment: { Variables: { largeKey: large } },
    });
    await replay.matchFailure("invalid_param_exc", replay.lambda.send(command));
  },

  async "TestLambdaSizeLimits::test_oversized_unzipped_lambda"(replay) {
    const code = zip([{ name: "handler.py", content: Buffer.alloc(262_144_000, "#"), deflated: true }]);
    await replay.matchFailure("invalid_param_exc", replay.create(replay.name("test_lambda"), { Code: { ZipFile: code } }));
  },

  ...forEach(
    "TestLambdaSnapStart::test_snapstart_lifecycle",
    ["java17", "java21", "python3.12", "python3.13"] as const,
    async (replay, runtime) => {
      const name = replay.name("fn");
      replay.match("create_function_response", await createSnapStart(replay, name, runtime));
      await replay.lambda.send(new PublishVersionCommand({ FunctionName: name, Description: "version1" }));
      replay.match("get_function_response_latest", await replay.get(name));
      replay.match("get_function_response_version_1", await replay.get(`${name}:1`));
    },
  ),

  ...forEach(
    "TestLambdaSnapStart::test_snapstart_update_function_configuration",
    ["java11", "java17", "java21", "java25", "python3.12", "python3.13"] as const,
    async (replay, runtime) => {
      const name = replay.name("fn");
      replay.match("create_function_response", await createSnapStart(replay, name, runtime));
      const change = { FunctionName: name, SnapStart: { ApplyOn: "PublishedVersions" as const } };
      replay.match("update_function_response", await replay.lambda.send(new UpdateFunctionConfigurationCommand(change)));
      await replay.updated(name);
    },
  ),

  async "TestLoggingConfig::test_function_advanced_logging_configuration"(replay) {
    await changeLogging(replay, { LogFormat: "JSON" }, { LogGroup: "cool_lambda" });
  },

  ...forEach(
    "TestLoggingConfig::test_function_partial_advanced_logging_configuration_update",
    ["partial_config0", "partial_config2", "partial_config3"] as const,
    async (replay, which) => {
      const changes = {
        partial_config0: { LogFormat: "JSON" },
        partial_config2: { LogFormat: "JSON", SystemLogLevel: "DEBUG" },
        partial_config3: { LogGroup: "cool_lambda" },
      } as const satisfies Record<string, LoggingConfig>;
      await changeLogging(replay, undefined, changes[which]);
    },
  ),

  async "TestPartialARNMatching::test_update_function_configuration_full_arn"(replay) {
    const name = replay.name("fn");
    await replay.create(name);
    for (const each of [replay.arn(name), `${replay.account}:function:${name}`, `function:${name}`]) {
      await replay.lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: each, Description: each }));
      await replay.updated(name);
    }
  },

  async "TestPartialARNMatching::test_cross_region_arn_function_access"(replay) {
    const name = replay.name("fn");
    await replay.create(name);
    const elsewhere = replay.client({ region: "eu-west-1" });
    await replay.failure(elsewhere.send(new GetFunctionConfigurationCommand({ FunctionName: replay.arn(name) })));
  },

  async "TestLambdaEventSourceMappings::test_event_source_mapping_exceptions"(replay) {
    const { lambda } = replay;
    const UUID = randomUUID();
    await replay.matchFailure("get_unknown_uuid", lambda.send(new GetEventSourceMappingCommand({ UUID })));
    await replay.matchFailure("delete_unknown_uuid", lambda.send(new DeleteEventSourceMappingCommand({ UUID })));
    await replay.matchFailure("update_unknown_uuid", lambda.send(new UpdateEventSourceMappingCommand({ UUID, Enabled: false })));
    await lambda.send(new ListEventSourceMappingsCommand({}));
    await lambda.send(new ListEventSourceMappingsCommand({ FunctionName: "doesnotexist" }));
    const create = (more: object) => lambda.send(new CreateEventSourceMappingCommand({ FunctionName: "doesnotexist", ...more }));
    await replay.matchFailure("create_no_event_source_arn", create({}));
    const EventSourceArn = `arn:aws:sqs:${replay.region}:${replay.account}:somequeue`;
    await replay.matchFailure("create_unknown_params", create({ EventSourceArn }));
    const DestinationConfig = { OnSuccess: { Destination: EventSourceArn } };
    await replay.matchFailure("destination_config_failure", create({ EventSourceArn, DestinationConfig }));
  },
};

async function accountConcurrency({ lambda }: Replay): Promise<number> {
  return (await lambda.send(new GetAccountSettingsCommand({}))).AccountLimit!.ConcurrentExecutions!;
}

function withVariables(replay: Replay, Variables: Record<string, string>): Promise<object> {
  return replay.create(replay.name("large-envvar-lambda"), { Environment: { Variables } });
}

/** The function is not called: whether its class is there does not matter. */
function createSnapStart(replay: Replay, name: string, runtime: Runtime): Promise<object> {
  const Handler = runtime.startsWith("java") ? "echo.Handler" : "handler.handler";
  return replay.createPlain(name, { Runtime: runtime, Handler, MemorySize: 1_024, Timeout: 5, Code: { ZipFile: pythonEcho(name) } });
}

async function changeLogging(replay: Replay, first: LoggingConfig | undefined, change: LoggingConfig): Promise<void> {
  const name = replay.name("fn");
  const { lambda } = replay;
  const configuration = () => lambda.send(new GetFunctionConfigurationCommand({ FunctionName: name }));
  replay.match("create_response", await replay.create(name, { MemorySize: 256, Timeout: 5, ...(first && { LoggingConfig: first }) }));
  replay.match("get_function_response", await replay.get(name));
  replay.match("function_config", await configuration());
  replay.match("updated_config", await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: name, LoggingConfig: change })));
  await replay.updated(name);
  replay.match("received_config", await configuration());
}
