import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  CreateFunctionCommand,
  DeleteFunctionCommand,
  GetFunctionCodeSigningConfigCommand,
  GetFunctionCommand,
  GetFunctionConcurrencyCommand,
  GetFunctionConfigurationCommand,
  GetFunctionUrlConfigCommand,
  InvokeCommand,
  ListFunctionsCommand,
  type FunctionConfiguration,
  type LambdaClient,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
} from "@aws-sdk/client-lambda";
import { asRecorded, forEach, pythonEcho, type Replay, type Scripts, type ShownFunction } from "../replay.ts";

/** What pytest calls the operations. */
const operations = {
  create_function: (lambda: LambdaClient, replay: Replay, FunctionName: string, qualifier?: string) =>
    lambda.send(
      new CreateFunctionCommand({
        FunctionName: qualifier === undefined ? FunctionName : `${FunctionName}:${qualifier}`,
        Role: replay.role,
        Runtime: "python3.12",
        Handler: "index.handler",
        Code: { ZipFile: pythonEcho("validation") },
      }),
    ),
  delete_function: (lambda: LambdaClient, _replay: Replay, FunctionName: string, Qualifier?: string) =>
    lambda.send(new DeleteFunctionCommand({ FunctionName, Qualifier })),
  get_function: (lambda: LambdaClient, _replay: Replay, FunctionName: string, Qualifier?: string) =>
    lambda.send(new GetFunctionCommand({ FunctionName, Qualifier })),
  get_function_code_signing_config: (lambda: LambdaClient, _replay: Replay, FunctionName: string) =>
    lambda.send(new GetFunctionCodeSigningConfigCommand({ FunctionName })),
  get_function_concurrency: (lambda: LambdaClient, _replay: Replay, FunctionName: string) =>
    lambda.send(new GetFunctionConcurrencyCommand({ FunctionName })),
  get_function_configuration: (lambda: LambdaClient, _replay: Replay, FunctionName: string) =>
    lambda.send(new GetFunctionConfigurationCommand({ FunctionName })),
  get_function_url_config: (lambda: LambdaClient, _replay: Replay, FunctionName: string) =>
    lambda.send(new GetFunctionUrlConfigCommand({ FunctionName })),
  invoke: (lambda: LambdaClient, _replay: Replay, FunctionName: string, Qualifier?: string) =>
    lambda.send(new InvokeCommand({ FunctionName, Qualifier })),
};

type Operation = keyof typeof operations;

const longName = "a".repeat(65);

/** The names of the cases, and what is sent for each: a name, and perhaps a qualifier. */
const names: Record<string, (replay: Replay) => [name: string, qualifier?: string]> = {
  full_arn_with_multiple_qualifiers: (replay) => [`${replay.arn("my-function")}:1:2`],
  function_name_and_qualifier_too_long: () => ["my-function", longName],
  function_name_is_single_invalid: () => ["*"],
  function_name_too_long: () => [longName],
  function_name_too_long_and_invalid_region: ({ account }) => [
    `arn:aws:lambda:invalid-region:${account}:function:my-function${"a".repeat(170)}`,
  ],
  incomplete_arn: ({ account, region }) => [`arn:aws:lambda:${region}:${account}:function`],
  invalid_account_id_in_partial_arn: () => ["invalid-account:function:my-function"],
  invalid_characters_in_function_name: () => ["my-function!"],
  invalid_characters_in_qualifier: () => ["my-function", "invalid!"],
  invalid_region_in_arn: ({ account }) => [`arn:aws:lambda:invalid-region:${account}:function:my-function`],
  latest_version_with_additional_qualifier: (replay) => [`${replay.arn("my-function")}:$LATEST`, "1"],
  lowercase_latest_qualifier: (replay) => [replay.arn("my-function"), "$latest"],
  missing_account_id_in_arn: ({ region }) => [`arn:aws:lambda:${region}::function:my-function`],
  missing_region_in_arn: ({ account }) => [`arn:aws:lambda::${account}:function:my-function`],
  misspelled_latest_in_arn: (replay) => [`${replay.arn("my-function")}:$LATES`],
  non_lambda_arn: ({ account, region }) => [`arn:aws:ec2:${region}:${account}:instance:i-1234567890abcdef0`],
  partial_arn_with_extra_qualifier: () => ["function:my-function:$LATEST:extra"],
  qualifier_too_long: () => ["my-function", "a".repeat(129)],
  qualifier_too_long0: () => ["my-function", "a".repeat(129)],
  qualifier_too_long1: () => ["my-function", longName],
};

const validated = ["create_function", "delete_function", "get_function", "invoke"] as const satisfies Operation[];

const validation = forEach(
  "TestLambdaFunction::test_function_name_and_qualifier_validation",
  Object.keys(names).flatMap((name) => validated.map((operation) => `${name}-${operation}`)),
  async (replay, parameter) => {
    const at = parameter.lastIndexOf("-");
    const [name, operation] = [parameter.slice(0, at), parameter.slice(at + 1) as Operation];
    const failure = (await replay.failure(operations[operation](replay.lambda, replay, ...names[name]!(replay)))) as {
      Error: { Code: string; Message: string };
    };
    // Of two of these nothing was recorded.
    if (replay.expects(`${operation}_exception`)) replay.match(`${operation}_exception`, withErrors(failure.Error));
  },
);

/** A list of violations as the recordings have it. */
function withErrors({ Code, Message }: { Code: string; Message: string }): object {
  const [, count, errors] = /^(\d+) validation errors? detected: ([^]*)$/.exec(Message) ?? [];
  if (Code !== "ValidationException" || count === undefined) return { Code, Message };
  return { Code, Count: Number(count), Errors: errors!.split("; ") };
}

export const functionScripts: Scripts = {
  ...validation,

  async "TestLambdaFunction::test_function_lifecycle"(replay) {
    const name = replay.name("fn");
    const { lambda } = replay;
    replay.match("create_response", await replay.create(name, { MemorySize: 256, Timeout: 5 }));
    replay.match("get_function_response", await replay.get(name));
    const change = {
      Runtime: "python3.11",
      Description: "Changed-Description",
      MemorySize: 512,
      Timeout: 10,
      Environment: { Variables: { ENV_A: "a" } },
    } as const;
    replay.match("update_func_conf_response", await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: name, ...change })));
    await replay.updated(name);
    replay.match("get_function_response_postupdate", await replay.get(name));
    replay.match(
      "update_code_response",
      await lambda.send(new UpdateFunctionCodeCommand({ FunctionName: name, ZipFile: pythonEcho("other") })),
    );
    await replay.updated(name);
    replay.match("get_function_response_postcodeupdate", await replay.get(name));
    const { ResponseMetadata } = asRecorded(await lambda.send(new DeleteFunctionCommand({ FunctionName: name }))) as {
      ResponseMetadata: { HTTPStatusCode: number };
    };
    replay.match("delete_response", { ResponseMetadata, StatusCode: ResponseMetadata.HTTPStatusCode });
    await replay.matchFailure("delete_postdelete", lambda.send(new DeleteFunctionCommand({ FunctionName: name })));
  },

  async "TestLambdaFunction::test_redundant_updates"(replay) {
    const name = replay.name("fn");
    const { lambda } = replay;
    const update = () => lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: name, Description: "1st update description" }));
    replay.match("create_response", await replay.create(name, { Description: "Initial description" }));
    replay.match("first_update_result", await update());
    await replay.updated(name);
    replay.match("get_fn_config_result", await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: name })));
    replay.match("get_fn_result", await replay.get(name));
    replay.match("redundant_update_result", await update());
    await replay.updated(name);
    replay.match("get_fn_result_after_redundant_update", await replay.get(name));
  },

  ...forEach("TestLambdaFunction::test_ops_with_arn_qualifier_mismatch", ["delete_function"], async (replay) => {
    const name = replay.arn("some-function");
    await replay.matchFailure("not_match_exception", operations.delete_function(replay.lambda, replay, `${name}:1`, "$LATEST"));
    await replay.matchFailure("match_exception", operations.delete_function(replay.lambda, replay, `${name}:$LATEST`, "$LATEST"));
  }),

  ...forEach("TestLambdaFunction::test_ops_on_nonexisting_version", ["get_function"], async (replay) => {
    const name = replay.name("i-exist");
    await replay.create(name);
    await replay.matchFailure("version_not_found_exception", operations.get_function(replay.lambda, replay, name, "1221"));
  }),

  async "TestLambdaFunction::test_delete_on_nonexisting_version"(replay) {
    const name = replay.name("i-exist");
    const remove = (qualifier?: string) => operations.delete_function(replay.lambda, replay, name, qualifier);
    await replay.create(name);
    await remove("1233");
    await remove("1233");
    await remove();
    await replay.matchFailure("delete_function_response_non_existent", remove());
    await replay.matchFailure("delete_function_response_non_existent_with_qualifier", remove("1233"));
  },

  ...forEach(
    "TestLambdaFunction::test_ops_on_nonexisting_fn",
    [
      "delete_function",
      "get_function",
      "get_function_code_signing_config",
      "get_function_concurrency",
      "get_function_configuration",
      "get_function_url_config",
    ] as const,
    async (replay, operation) => {
      await replay.matchFailure("not_found_exception", operations[operation](replay.lambda, replay, replay.name("i-dont-exist")));
    },
  ),

  ...forEach(
    "TestLambdaFunction::test_get_function_wrong_region",
    ["delete_function", "get_function", "get_function_concurrency", "invoke"] as const,
    async (replay, operation) => {
      const name = replay.name("i-exist");
      await replay.create(name);
      const elsewhere = `arn:aws:lambda:eu-central-1:${replay.account}:function:${name}`;
      await replay.matchFailure("wrong_region_exception", operations[operation](replay.lambda, replay, elsewhere));
    },
  ),

  async "TestLambdaFunction::test_lambda_code_location_zipfile"(replay) {
    const name = replay.name("code-function");
    const first = pythonEcho("first");
    replay.match("create-response-zip-file", await replay.createPlain(name, { Code: { ZipFile: first } }));
    const shown = await replay.get(name);
    replay.match("get-function-response", shown);
    await assertLocated(shown, first);
    const second = pythonEcho("second, which is longer");
    const { updated, seen } = await replay.untilUnderWay(async () => {
      const answer = await replay.lambda.send(new UpdateFunctionCodeCommand({ FunctionName: name, ZipFile: second }));
      return { updated: answer, seen: await replay.get(name) };
    }, name);
    replay.match("update-function-response", updated);
    replay.match("get-function-response-updated", seen);
    await assertLocated(seen, second);
  },

  async "TestLambdaFunction::test_function_arns"(replay) {
    const { lambda, account, region } = replay;
    const [first, second] = [replay.name("test-function-arn"), replay.name("test-partial-arn")];
    replay.match("create-function-arn-response", await replay.create(replay.arn(first)));
    replay.match("create-function-partial-arn-response", await replay.create(`${account}:function:${second}`));
    const create = (name: string) => operations.create_function(lambda, replay, name);
    await replay.matchFailure("invalid_function_name_exc", create("invalid:function:name"));
    await replay.matchFailure("long_function_name_exc", create(longName));
    const prefix = replay.arn("");
    await replay.matchFailure("long_function_arn_exc", create(`${prefix}${"a".repeat(141 - prefix.length)}`));
    await replay.matchFailure("function_arn_other_region_exc", create(`arn:aws:lambda:ap-southeast-1:${account}:function:other`));
    await replay.matchFailure("function_arn_other_account_exc", create(`arn:aws:lambda:${region}:123456789012:function:other`));
  },

  async "TestLambdaFunction::test_lambda_concurrent_config_updates"(replay) {
    const name = replay.name("fn");
    const { lambda } = replay;
    replay.match("create-function-response", await replay.create(name));
    // The first change may have ended before the second arrives: then both are made again.
    for (let at = 0; ; at += 1) {
      const update = (text: string) =>
        lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: name, Description: `${text} ${at}` }));
      await update("first");
      const second = update("second").then(
        () => undefined,
        (error: Error) => error,
      );
      const failed = await second;
      if (failed !== undefined) {
        await replay.matchFailure("update-during-in-progress-update-exc", Promise.reject(failed));
        break;
      }
      await replay.updated(name);
    }
    await replay.updated(name);
  },

  async "TestLambdaFunction::test_list_functions"(replay) {
    const [first, second] = [replay.name("list-fn-1"), replay.name("list-fn-2")];
    replay.match("create_response_1", await replay.create(first, { Publish: true }));
    replay.match("create_response_2", await replay.create(second));
    await replay.matchFailure(
      "list_functions_invalid_functionversion",
      replay.lambda.send(new ListFunctionsCommand({ FunctionVersion: "invalid" as never })),
    );
    replay.match("list_all", { Functions: await listed(replay, [first, second], "ALL") });
    replay.match("list_default", { Functions: await listed(replay, [first, second]) });
  },

  async "TestLambdaFunction::test_update_lambda_exceptions"(replay) {
    const name = replay.name("invalid-function");
    await replay.createPlain(name);
    const update = (change: object) => replay.lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: name, ...change }));
    await replay.matchFailure("invalid_role_arn_exc", update({ Role: "r1" }));
    await replay.matchFailure("invalid_runtime_exc", update({ Runtime: "non-existent-runtime" }));
    await replay.matchFailure("uppercase_runtime_exc", update({ Runtime: "PYTHON3.9" }));
  },
};

/** Page by page, those of these names, in the order of their ARNs. */
async function listed({ lambda }: Replay, wanted: string[], FunctionVersion?: "ALL"): Promise<FunctionConfiguration[]> {
  const found: FunctionConfiguration[] = [];
  let Marker: string | undefined;
  do {
    const page = await lambda.send(new ListFunctionsCommand({ FunctionVersion, MaxItems: 1, Marker }));
    assert.ok(page.Functions!.length <= 1);
    found.push(...page.Functions!.filter(({ FunctionName }) => wanted.includes(FunctionName!)));
    Marker = page.NextMarker;
  } while (Marker !== undefined);
  return found.toSorted((a, b) => (a.FunctionArn! < b.FunctionArn! ? -1 : 1));
}

async function assertLocated({ Code, Configuration }: ShownFunction, zip: Buffer): Promise<void> {
  const fetched = await fetch(Code.Location);
  assert.equal(fetched.status, 200);
  assert.deepEqual(Buffer.from(await fetched.arrayBuffer()), zip);
  assert.equal(Configuration.CodeSize, zip.length);
  assert.equal(Configuration.CodeSha256, createHash("sha256").update(zip).digest("base64"));
}
