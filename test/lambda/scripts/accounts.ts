/** A function and a layer whose policies let another account in, and what that account does with them. Nothing of the answers was recorded but that there were some. */
import assert from "node:assert/strict";
import {
  AddLayerVersionPermissionCommand,
  AddPermissionCommand,
  CreateFunctionCommand,
  DeleteFunctionCommand,
  GetFunctionCommand,
  GetFunctionConfigurationCommand,
  GetLayerVersionByArnCommand,
  GetLayerVersionCommand,
  type LambdaClient,
  ListTagsCommand,
  ListVersionsByFunctionCommand,
  PublishLayerVersionCommand,
  PublishVersionCommand,
  TagResourceCommand,
  UntagResourceCommand,
} from "@aws-sdk/client-lambda";
import { pythonEcho, type Replay, type Scripts } from "../replay.ts";
import { zip } from "../zip.ts";

async function sharedLayer(replay: Replay): Promise<string> {
  const content = { ZipFile: zip([{ name: "python/shared.py", content: "value = 1\n" }]) };
  const { LayerArn } = await replay.lambda.send(new PublishLayerVersionCommand({ LayerName: replay.name("layer"), Content: content }));
  const others = { StatementId: "other", Action: "lambda:GetLayerVersion", Principal: replay.neighbour.account };
  const get = new GetLayerVersionCommand({ LayerName: LayerArn!, VersionNumber: 1 });
  await assert.rejects(replay.neighbour.lambda.send(get), { name: "AccessDeniedException" });
  const use = usingLayer(replay, `${LayerArn}:1`);
  await assert.rejects(replay.neighbour.lambda.send(use), {
    name: "AccessDeniedException",
    message: /no resource-based policy allows the lambda:GetLayerVersion action/,
  });
  await replay.lambda.send(new AddLayerVersionPermissionCommand({ LayerName: LayerArn!, VersionNumber: 1, ...others }));
  const { Layers } = await replay.neighbour.lambda.send(use);
  assert.deepEqual(
    Layers?.map(({ Arn }) => Arn),
    [`${LayerArn}:1`],
  );
  return LayerArn!;
}

function usingLayer(replay: Replay, layer: string): CreateFunctionCommand {
  const code = { Runtime: "python3.12" as const, Handler: "handler.handler", Code: { ZipFile: pythonEcho("layered") } };
  return new CreateFunctionCommand({ FunctionName: replay.name("layered"), Role: replay.role, ...code, Layers: [layer] });
}

async function sharedFunction(replay: Replay): Promise<string> {
  const name = replay.name("func");
  await replay.create(name);
  const arn = replay.arn(name);
  const others = { StatementId: "other", Action: "lambda:*", Principal: replay.neighbour.account };
  await assert.rejects(replay.neighbour.lambda.send(new GetFunctionCommand({ FunctionName: arn })), { name: "AccessDeniedException" });
  await replay.lambda.send(new AddPermissionCommand({ FunctionName: name, ...others }));
  return arn;
}

function withFunction(use: (lambda: LambdaClient, FunctionName: string) => Promise<void>): (replay: Replay) => Promise<void> {
  return async (replay) => use(replay.neighbour.lambda, await sharedFunction(replay));
}

async function tag(lambda: LambdaClient, Resource: string): Promise<void> {
  await lambda.send(new TagResourceCommand({ Resource, Tags: { foo: "bar" } }));
  assert.deepEqual((await lambda.send(new ListTagsCommand({ Resource }))).Tags, { foo: "bar" });
  await lambda.send(new UntagResourceCommand({ Resource, TagKeys: ["lorem"] }));
}

async function getLayer(lambda: LambdaClient, LayerName: string): Promise<void> {
  const LayerVersionArn = `${LayerName}:1`;
  assert.equal((await lambda.send(new GetLayerVersionCommand({ LayerName, VersionNumber: 1 }))).LayerVersionArn, LayerVersionArn);
  assert.equal((await lambda.send(new GetLayerVersionByArnCommand({ Arn: LayerVersionArn }))).LayerVersionArn, LayerVersionArn);
}

export const accountScripts: Scripts = {
  "TestLambdaMultiAccounts::test_get_lambda_layer": async (replay) => getLayer(replay.neighbour.lambda, await sharedLayer(replay)),

  "TestLambdaMultiAccounts::test_get_function": withFunction(async (lambda, FunctionName) => {
    assert.equal((await lambda.send(new GetFunctionCommand({ FunctionName }))).Configuration?.FunctionArn, FunctionName);
  }),

  "TestLambdaMultiAccounts::test_get_function_configuration": withFunction(async (lambda, FunctionName) => {
    assert.equal((await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }))).FunctionArn, FunctionName);
  }),

  "TestLambdaMultiAccounts::test_list_versions_by_function": withFunction(async (lambda, FunctionName) => {
    const { Versions = [] } = await lambda.send(new ListVersionsByFunctionCommand({ FunctionName }));
    assert.deepEqual(
      Versions.map(({ Version }) => Version),
      ["$LATEST"],
    );
  }),

  "TestLambdaMultiAccounts::test_function_tags": withFunction(tag),

  "TestLambdaMultiAccounts::test_publish_version": withFunction(async (lambda, FunctionName) => {
    assert.equal((await lambda.send(new PublishVersionCommand({ FunctionName }))).Version, "1");
  }),

  "TestLambdaMultiAccounts::test_delete_function": withFunction(async (lambda, FunctionName) => {
    await lambda.send(new DeleteFunctionCommand({ FunctionName }));
    await assert.rejects(lambda.send(new GetFunctionCommand({ FunctionName })), { name: "AccessDeniedException" });
  }),

  async "TestLambdaMultiAccounts::test_cross_account_access"(replay) {
    const { lambda } = replay.neighbour;
    await getLayer(lambda, await sharedLayer(replay));
    const FunctionName = await sharedFunction(replay);
    await lambda.send(new GetFunctionCommand({ FunctionName }));
    await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
    await lambda.send(new ListVersionsByFunctionCommand({ FunctionName }));
    await tag(lambda, FunctionName);
    await lambda.send(new PublishVersionCommand({ FunctionName }));
    await lambda.send(new DeleteFunctionCommand({ FunctionName }));
  },
};
