import {
  CreateAliasCommand,
  CreateFunctionUrlConfigCommand,
  DeleteFunctionUrlConfigCommand,
  GetFunctionUrlConfigCommand,
  ListFunctionUrlConfigsCommand,
  UpdateFunctionUrlConfigCommand,
} from "@aws-sdk/client-lambda";
import assert from "node:assert/strict";
import { nodeEcho, type Replay, type Scripts } from "../replay.ts";
import { publish } from "./versions.ts";

interface Target {
  FunctionName: string;
  Qualifier?: string;
}

export const urlScripts: Scripts = {
  async "TestLambdaUrl::test_url_config_exceptions"(replay) {
    const name = await withAlias(replay);
    const { lambda } = replay;
    const cases: Record<string, Target> = {
      name_doesnotexist: { FunctionName: "doesnotexist" },
      arn_doesnotexist: { FunctionName: replay.arn("doesnotexist") },
      name_doesnotexist_qualifier: { FunctionName: "doesnotexist", Qualifier: "1" },
      qualifier_version: { FunctionName: name, Qualifier: "1" },
      qualifier_version_doesnotexist: { FunctionName: name, Qualifier: "2" },
      qualifier_alias_doesnotexist: { FunctionName: name, Qualifier: "v1" },
      qualifier_alias_doesnotmatch_arn: { FunctionName: `${name}:urlalias-doesnotmatch`, Qualifier: "urlalias" },
      qualifier_latest: { FunctionName: name, Qualifier: "$LATEST" },
    };
    const config = { config_doesnotexist: { FunctionName: name } };
    const check = async (prefix: string, of: Record<string, Target>, call: (target: Target) => Promise<unknown>) => {
      for (const [each, target] of Object.entries(of)) await replay.matchFailure(`${prefix}_function_url_config_${each}`, call(target));
    };
    await check("create", cases, (target) => lambda.send(new CreateFunctionUrlConfigCommand({ ...target, AuthType: "NONE" })));
    await check("get", { ...cases, ...config }, (target) => lambda.send(new GetFunctionUrlConfigCommand(target)));
    const { qualifier_alias_doesnotmatch_arn: _, ...rest } = cases;
    await check("delete", { ...rest, ...config }, (target) => lambda.send(new DeleteFunctionUrlConfigCommand(target)));
    // AWS fails at this one, which is no answer to be like.
    replay.match("delete_function_url_config_qualifier_alias_doesnotmatch_arn", "<aws_internal_failure>");
    await check("update", { ...cases, ...config }, (target) =>
      lambda.send(new UpdateFunctionUrlConfigCommand({ ...target, AuthType: "AWS_IAM" })),
    );
  },

  async "TestLambdaUrl::test_url_config_lifecycle"(replay) {
    const name = replay.name("test-function");
    const { lambda } = replay;
    await createNode(replay, name);
    const create = () => lambda.send(new CreateFunctionUrlConfigCommand({ FunctionName: name, AuthType: "NONE" }));
    replay.match("url_creation", await create());
    await replay.matchFailure("failed_duplication", create());
    const get = () => lambda.send(new GetFunctionUrlConfigCommand({ FunctionName: name }));
    replay.match("get_url_config", await get());
    replay.match("updated_url_config", await lambda.send(new UpdateFunctionUrlConfigCommand({ FunctionName: name, AuthType: "AWS_IAM" })));
    await lambda.send(new DeleteFunctionUrlConfigCommand({ FunctionName: name }));
    await replay.matchFailure("failed_getter", get());
  },

  async "TestLambdaUrl::test_url_config_list_paging"(replay) {
    const name = await withAlias(replay);
    const { lambda } = replay;
    const list = (more: object = {}, FunctionName = name) => lambda.send(new ListFunctionUrlConfigsCommand({ FunctionName, ...more }));
    await replay.matchFailure("list_function_notfound", list({}, "doesnotexist"));
    replay.match("list_all_empty", await list());
    replay.match("url_config_fn", await lambda.send(new CreateFunctionUrlConfigCommand({ FunctionName: name, AuthType: "NONE" })));
    const alias = { FunctionName: `${name}:urlalias`, Qualifier: "urlalias", AuthType: "NONE" } as const;
    replay.match("url_config_alias", await lambda.send(new CreateFunctionUrlConfigCommand(alias)));
    replay.match("list_all", await list());
    const first = await list({ MaxItems: 1 });
    assert.equal(first.FunctionUrlConfigs?.length, 1);
    const second = await list({ MaxItems: 1, Marker: first.NextMarker });
    assert.equal(second.FunctionUrlConfigs?.length, 1);
    assert.notEqual(first.FunctionUrlConfigs[0]!.FunctionUrl, second.FunctionUrlConfigs[0]!.FunctionUrl);
    assert.equal((await list({ MaxItems: 2 })).FunctionUrlConfigs?.length, 2);
  },
};

function createNode(replay: Replay, name: string): Promise<object> {
  return replay.create(name, { Code: { ZipFile: nodeEcho(name) }, Runtime: "nodejs20.x", Handler: "lambda_handler.handler" });
}

async function withAlias(replay: Replay): Promise<string> {
  const name = replay.name("test-function");
  await createNode(replay, name);
  replay.match("fn_version_result", await publish(replay, name));
  const alias = new CreateAliasCommand({ FunctionName: name, Name: "urlalias", FunctionVersion: "1" });
  replay.match("create_alias_result", await replay.lambda.send(alias));
  return name;
}
