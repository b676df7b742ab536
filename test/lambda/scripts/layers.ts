import assert from "node:assert/strict";
import {
  AddLayerVersionPermissionCommand,
  type Architecture,
  DeleteLayerVersionCommand,
  GetFunctionConfigurationCommand,
  GetLayerVersionByArnCommand,
  GetLayerVersionCommand,
  GetLayerVersionPolicyCommand,
  type LambdaClient,
  ListLayersCommand,
  ListLayerVersionsCommand,
  PublishLayerVersionCommand,
  RemoveLayerVersionPermissionCommand,
  type Runtime,
  UpdateFunctionConfigurationCommand,
} from "@aws-sdk/client-lambda";
import { forEach, type Replay, type Scripts } from "../replay.ts";
import { zip } from "../zip.ts";

const ZipFile = zip([{ name: "python/from_layer.py", content: "value = 1\n" }]);
const x86 = { CompatibleArchitectures: ["x86_64"] as Architecture[] };
const python = { CompatibleRuntimes: ["python3.12"] as Runtime[], ...x86 };

/** The runtimes that each half of a recording names. */
const halves = {
  runtimes0:
    "nodejs24.x nodejs22.x nodejs20.x nodejs18.x nodejs16.x nodejs14.x nodejs12.x python3.14 python3.13 python3.12 python3.11 python3.10 python3.9 python3.8 python3.7",
  runtimes2: "provided.al2023 provided.al2 provided",
};

export const layerScripts: Scripts = {
  ...forEach("TestLambdaLayer::test_layer_compatibilities", Object.keys(halves) as (keyof typeof halves)[], async (replay, half) => {
    const CompatibleRuntimes = halves[half].split(" ") as Runtime[];
    replay.match(
      "publish_result",
      await publish(replay, replay.name("testlayer"), { CompatibleRuntimes, CompatibleArchitectures: ["arm64", "x86_64"] }),
    );
  }),

  async "TestLambdaLayer::test_layer_exceptions"(replay) {
    const name = replay.name("testlayer");
    const { lambda } = replay;
    const published = await publish(replay, name, python);
    replay.match("publish_result", published);
    const wrong = { CompatibleRuntime: "runtimedoesnotexist" as Runtime };
    await replay.matchFailure("list_layers_exc_compatibleruntime_invalid", lambda.send(new ListLayersCommand(wrong)));
    const other = { CompatibleArchitecture: "archdoesnotexist" as Architecture };
    await replay.matchFailure("list_layers_exc_compatiblearchitecture_invalid", lambda.send(new ListLayersCommand(other)));
    replay.match("list_nonexistent_layer", await lambda.send(new ListLayerVersionsCommand({ LayerName: "layerdoesnotexist" })));
    const get = (LayerName: string, VersionNumber: number) => lambda.send(new GetLayerVersionCommand({ LayerName, VersionNumber }));
    await replay.matchFailure("get_layer_version_exc_layer_doesnotexist", get("layerdoesnotexist", 1));
    await replay.matchFailure("get_layer_version_exc_layer_version_doesnotexist_negative", get(name, -1));
    await replay.matchFailure("get_layer_version_exc_layer_version_doesnotexist_zero", get(name, 0));
    await replay.matchFailure("get_layer_version_exc_layer_version_doesnotexist_2", get(name, 2));
    const byArn = (Arn: string) => lambda.send(new GetLayerVersionByArnCommand({ Arn }));
    await replay.matchFailure("get_layer_version_by_arn_exc_invalidarn", byArn(published.LayerArn!));
    await replay.matchFailure("get_layer_version_by_arn_exc_nonexistentversion", byArn(`${published.LayerArn}:2`));
    const remove = (LayerName: string, VersionNumber: number) => lambda.send(new DeleteLayerVersionCommand({ LayerName, VersionNumber }));
    replay.match("delete_nonexistent_response", await remove("layerdoesnotexist", 1));
    replay.match("delete_nonexistent_version_response", await remove(name, 2));
    replay.match("delete_layer_response", await remove(name, 1));
    replay.match("delete_layer_again_response", await remove(name, 1));
    await replay.matchFailure("delete_layer_version_exc_layerversion_invalid_version", remove(name, -1));
    replay.match(
      "publish_empty_result",
      await publish(replay, replay.name("testlayer-empty"), { CompatibleRuntimes: [], CompatibleArchitectures: [] }),
    );
    const bad = (runtimes: string[], architectures: string[]) =>
      publish(replay, replay.name("testlayer-2"), {
        CompatibleRuntimes: runtimes as Runtime[],
        CompatibleArchitectures: architectures as Architecture[],
      });
    await replay.matchFailure("publish_layer_version_exc_invalid_runtime_arch", bad(["invalidruntime"], ["invalidarch"]));
    await replay.matchFailure(
      "publish_layer_version_exc_partially_invalid_values",
      bad(["invalidruntime", "invalidruntime2", "nodejs20.x"], ["invalidarch", "x86_64"]),
    );
  },

  async "TestLambdaLayer::test_layer_function_exceptions"(replay) {
    const [name, layer] = [replay.name("fn-layer"), replay.name("testlayer")];
    const [first, second, third] = [
      await publish(replay, layer, fits),
      await publish(replay, layer, fits),
      await publish(replay, layer, fits),
    ];
    replay.match("publish_result", first);
    replay.match("publish_result_2", second);
    replay.match("publish_result_3", third);
    await replay.create(name);
    replay.match("get_fn_result", await replay.get(name));
    const use = (...Layers: string[]) => replay.lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: name, Layers }));
    const [one, two, three] = [first, second, third].map(({ LayerVersionArn }) => LayerVersionArn!) as [string, string, string];
    await replay.matchFailure("two_layer_versions_single_function_exc", use(one, two));
    await replay.matchFailure("three_layer_versions_single_function_exc", use(one, two, three));
    await replay.matchFailure("two_identical_layer_versions_single_function_exc", use(one, one));
    await replay.matchFailure("add_nonexistent_layer_exc", use(`${first.LayerArn!.replace(layer, "doesnotexist")}:1`));
    await replay.matchFailure("add_nonexistent_layer_version_exc", use(`${first.LayerArn}:9`));
    await replay.matchFailure("add_layer_arn_without_version_exc", use(first.LayerArn!));
    const elsewhere = replay.client({ region: "eu-west-1" });
    const other = await publish(replay, layer, fits, elsewhere);
    await replay.matchFailure(
      "create_function_with_layer_in_different_region",
      replay.create(replay.name("fn"), { Layers: [other.LayerVersionArn!] }),
    );
  },

  async "TestLambdaLayer::test_layer_function_quota_exception"(replay) {
    const Layers: string[] = [];
    for (let at = 1; at <= 6; at += 1) Layers.push((await publish(replay, replay.name(`testlayer-${at}`), fits)).LayerVersionArn!);
    await replay.matchFailure("create_function_with_six_layers", replay.create(replay.name("fn-layer"), { Layers }));
  },

  async "TestLambdaLayer::test_layer_lifecycle"(replay) {
    const [name, layer] = [replay.name("fn-layer"), replay.name("testlayer")];
    const { lambda } = replay;
    const told = { LicenseInfo: replay.name("licenseinfo"), Description: replay.name("description"), ...python };
    const configuration = () => lambda.send(new GetFunctionConfigurationCommand({ FunctionName: name }));
    await replay.create(name);
    replay.match("get_fn_result", await replay.get(name));
    replay.match("get_fn_config_result", await configuration());
    const first = await publish(replay, layer, told);
    replay.match("publish_result", first);
    replay.match("publish_result_2", await publish(replay, layer, told));
    const use = { FunctionName: name, Layers: [first.LayerVersionArn!] };
    replay.match("update_fn_config", await lambda.send(new UpdateFunctionConfigurationCommand(use)));
    await replay.updated(name);
    replay.match("get_fn_config", await configuration());
    replay.match("get_layer_ver_result", await lambda.send(new GetLayerVersionCommand({ LayerName: layer, VersionNumber: 1 })));
    replay.match("get_layer_by_arn_version", await lambda.send(new GetLayerVersionByArnCommand({ Arn: first.LayerVersionArn })));
    const list = () => lambda.send(new ListLayerVersionsCommand({ LayerName: layer }));
    replay.match("list_layer_versions_predelete", await list());
    const remove = (VersionNumber: number) => lambda.send(new DeleteLayerVersionCommand({ LayerName: layer, VersionNumber }));
    replay.match("delete_layer_1", await remove(1));
    replay.match("get_fn_config_postdelete", await configuration());
    replay.match("delete_layer_2", await remove(2));
    replay.match("list_layer_versions_postdelete", await list());
    replay.match("publish_result_3", await publish(replay, layer, told));
  },

  async "TestLambdaLayer::test_layer_policy_exceptions"(replay) {
    const layer = replay.name("layer4policy");
    const { lambda } = replay;
    replay.match("publish_result", await publish(replay, layer, python));
    const get = (LayerName: string, VersionNumber = 1) => lambda.send(new GetLayerVersionPolicyCommand({ LayerName, VersionNumber }));
    const add = (StatementId: string, more: object = {}) =>
      lambda.send(new AddLayerVersionPermissionCommand({ ...permission(layer), StatementId, ...more }));
    const remove = (StatementId: string, more: object = {}) =>
      lambda.send(new RemoveLayerVersionPermissionCommand({ LayerName: layer, VersionNumber: 1, StatementId, ...more }));
    await replay.matchFailure("layer_permission_nopolicy_get", get(layer));
    replay.match("add_layer_permission_result", withStatement(await add("s1")));
    await replay.matchFailure("layer_permission_action_invalid", add("s-2", { Action: "*" }));
    await replay.matchFailure("layer_permission_duplicate_statement", add("s1"));
    await replay.matchFailure("layer_permission_wrong_revision", add("s2", { RevisionId: "wrong" }));
    const LayerName = `${layer}-doesnotexist`;
    await replay.matchFailure("layer_permission_layername_doesnotexist_add", add("s-3", { LayerName }));
    await replay.matchFailure("layer_permission_layername_doesnotexist_get", get(LayerName));
    await replay.matchFailure("layer_permission_layername_doesnotexist_remove", remove("s1", { LayerName }));
    await replay.matchFailure("layer_permission_layerversion_doesnotexist_add", add("s-4", { VersionNumber: 2 }));
    await replay.matchFailure("layer_permission_layerversion_doesnotexist_get", get(layer, 2));
    await replay.matchFailure("layer_permission_layerversion_doesnotexist_remove", remove("s1", { VersionNumber: 2 }));
    await replay.matchFailure("layer_permission_statementid_doesnotexist_remove", remove("doesnotexist"));
    await replay.matchFailure("layer_permission_wrong_revision_remove", remove("s1", { RevisionId: "wrong" }));
  },

  async "TestLambdaLayer::test_layer_policy_lifecycle"(replay) {
    const layer = replay.name("testlayer");
    const { lambda } = replay;
    replay.match("publish_result", await publish(replay, layer, python));
    const get = async () => withPolicy(await lambda.send(new GetLayerVersionPolicyCommand({ LayerName: layer, VersionNumber: 1 })));
    const add = async (StatementId: string, more: object = {}) =>
      withStatement(await lambda.send(new AddLayerVersionPermissionCommand({ ...permission(layer), StatementId, ...more })));
    replay.match("add_policy_s1", await add("s1"));
    const first = await get();
    replay.match("get_layer_version_policy", first);
    replay.match("add_policy_s2", await add("s2", { RevisionId: first.RevisionId }));
    const second = await get();
    replay.match("get_layer_version_policy_postadd2", second);
    const gone = { LayerName: layer, VersionNumber: 1, StatementId: "s2", RevisionId: second.RevisionId };
    replay.match("remove_s2", await lambda.send(new RemoveLayerVersionPermissionCommand(gone)));
    replay.match("get_layer_version_policy_postdeletes2", await get());
  },
};

const fits = { CompatibleRuntimes: [] as Runtime[], ...x86 };

function permission(LayerName: string) {
  return { LayerName, VersionNumber: 1, Action: "lambda:GetLayerVersion", Principal: "*" };
}

async function publish(replay: Replay, LayerName: string, more: object, lambda: LambdaClient = replay.lambda) {
  const answer = await lambda.send(new PublishLayerVersionCommand({ LayerName, Content: { ZipFile }, ...more }));
  assert.ok(answer.Version !== undefined);
  replay.defer(() => lambda.send(new DeleteLayerVersionCommand({ LayerName, VersionNumber: answer.Version })));
  return answer;
}

/** Recordings have JSON within the answer parsed. */
export function withStatement<T extends { Statement?: string | undefined }>(answer: T): Omit<T, "Statement"> & { Statement: unknown } {
  return { ...answer, Statement: JSON.parse(answer.Statement!) as unknown };
}

export function withPolicy<T extends { Policy?: string | undefined }>(answer: T): Omit<T, "Policy"> & { Policy: unknown } {
  return { ...answer, Policy: JSON.parse(answer.Policy!) as unknown };
}
