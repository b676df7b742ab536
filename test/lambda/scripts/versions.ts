import {
  CreateAliasCommand,
  DeleteAliasCommand,
  DeleteFunctionCommand,
  type AliasConfiguration,
  GetAliasCommand,
  GetFunctionConfigurationCommand,
  ListAliasesCommand,
  ListVersionsByFunctionCommand,
  PublishVersionCommand,
  UpdateAliasCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
} from "@aws-sdk/client-lambda";
import { pythonEcho, type Replay, type Scripts } from "../replay.ts";

const staging = { Environment: { Variables: { testenv: "staging" } } };

export const versionScripts: Scripts = {
  async "TestLambdaVersions::test_publish_version_on_create"(replay) {
    const name = replay.name("fn");
    replay.match("create_response", await replay.createPlain(name, { Publish: true }));
    replay.match("get_function_result", await replay.get(name));
    replay.match("get_function_version_result", await replay.get(name, "1"));
    replay.match("get_function_latest_result", await replay.get(name, "$LATEST"));
    replay.match("list_versions_result", await versions(replay, name));
    replay.match("repeated_publish_response", await publish(replay, name, { Description: "Repeated version description :)" }));
    replay.match("list_versions_result_after_publish", await versions(replay, name));
  },

  async "TestLambdaVersions::test_version_lifecycle"(replay) {
    const name = replay.name("fn");
    const { lambda } = replay;
    const describe = async (Description: string) => {
      const answer = await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: name, Description }));
      await replay.updated(name);
      return answer;
    };
    replay.match("create_response", await replay.createPlain(name, { Description: "No version :(" }));
    replay.match("get_function_result", await replay.get(name));
    replay.match("list_versions_result", await versions(replay, name));
    replay.match("first_update_response", await describe("First version :)"));
    replay.match("first_update_get_function", await replay.get(name));
    replay.match("first_publish_response", await publish(replay, name, { Description: "First version description :)" }));
    replay.match("first_publish_get_function", await replay.get(name, "1"));
    replay.match(
      "first_publish_get_function_config",
      await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: name, Qualifier: "1" })),
    );
    replay.match("second_update_response", await describe("Second version :))"));
    replay.match("first_publish_get_function_after_update", await replay.get(name, "1"));
    replay.match("second_publish_response", await publish(replay, name));
    replay.match("third_publish_response", await publish(replay, name, { Description: "Third version description :)))" }));
    replay.match("list_versions_result_after_third_publish", await versions(replay, name));
    await lambda.send(new DeleteFunctionCommand({ FunctionName: name, Qualifier: "1" }));
    replay.match("list_versions_result_after_deletion_of_first_version", await versions(replay, name));
  },

  async "TestLambdaVersions::test_publish_with_wrong_sha256"(replay) {
    const name = replay.name("fn");
    replay.match("create_response", await replay.createPlain(name));
    const shown = await replay.get(name);
    replay.match("get_fn_response", shown);
    await replay.matchFailure("publish_wrong_sha256_exc", publish(replay, name, { CodeSha256: "somenonexistentsha256" }));
    replay.match("publish_result", await publish(replay, name, { CodeSha256: shown.Configuration.CodeSha256 }));
  },

  async "TestLambdaVersions::test_publish_with_update"(replay) {
    // The change may have ended before it is looked at: then another function is made.
    for (;;) {
      const name = replay.name("fn");
      const created = await replay.createPlain(name);
      const before = await replay.get(name);
      const update = await replay.lambda.send(
        new UpdateFunctionCodeCommand({ FunctionName: name, ZipFile: pythonEcho("other"), Publish: true }),
      );
      const version = await replay.get(name, "1");
      const latest = await replay.get(name, "$LATEST");
      if (latest.Configuration.LastUpdateStatus !== "InProgress") continue;
      replay.match("create_response", created);
      replay.match("get_function_result", before);
      replay.match("update_function_code_result", update);
      replay.match("get_function_version_result", version);
      replay.match("get_function_latest_result", latest);
      return replay.updated(name);
    }
  },

  async "TestLambdaAlias::test_alias_lifecycle"(replay) {
    const name = replay.name("alias-fn");
    const { lambda } = replay;
    const create = (Name: string, FunctionVersion: string, more: object = {}) =>
      lambda.send(new CreateAliasCommand({ FunctionName: name, Name, FunctionVersion, ...more }));
    const get = (Name: string) => lambda.send(new GetAliasCommand({ FunctionName: name, Name }));
    const described = { Description: "custom-alias" };
    replay.match("create_response", await replay.createPlain(name, staging));
    await publishTwo(replay, name);
    const first = await create("aliasname1_1", "1", { ...described, RoutingConfig: { AdditionalVersionWeights: { "2": 0.2 } } });
    replay.match("create_alias_1_1", first);
    replay.match("get_alias_1_1", await get("aliasname1_1"));
    replay.match("get_function_alias_1_1", await replay.get(name, "aliasname1_1"));
    replay.match("get_function_byarn_alias_1_1", await replay.get(first.AliasArn!));
    await replay.matchFailure("get_function_alias_notfound_exc", replay.get(name, "aliasdoesnotexist"));
    await replay.matchFailure(
      "get_function_alias_byarn_notfound_exc",
      replay.get(first.AliasArn!.replace("aliasname1_1", "aliasdoesnotexist")),
    );
    replay.match("create_alias_1_2", await create("aliasname1_2", "1", described));
    replay.match("get_alias_1_2", await get("aliasname1_2"));
    replay.match("create_alias_1_3", await create("aliasname1_3", "1"));
    replay.match("get_alias_1_3", await get("aliasname1_3"));
    replay.match("create_alias_2", await create("aliasname2", "2", described));
    replay.match("get_alias_2", await get("aliasname2"));
    replay.match("list_aliases_for_fnname", { Aliases: await aliasesInPages(replay, name) });
    const list = (more: object = {}) => lambda.send(new ListAliasesCommand({ FunctionName: name, ...more }));
    const update = (Name: string, more: object = {}) => lambda.send(new UpdateAliasCommand({ FunctionName: name, Name, ...more }));
    replay.match("update_alias_1_1", await update("aliasname1_1", { RoutingConfig: { AdditionalVersionWeights: {} } }));
    replay.match("get_alias_1_1_after_update", await get("aliasname1_1"));
    replay.match("list_aliases_for_fnname_after_update", await list());
    replay.match("update_alias_1_2", await update("aliasname1_2"));
    replay.match("get_alias_1_2_after_update", await get("aliasname1_2"));
    replay.match("list_aliases_for_fnname_after_update_2", await list());
    replay.match("list_aliases_for_version", await list({ FunctionVersion: "1" }));
    replay.match("delete_alias_response", await lambda.send(new DeleteAliasCommand({ FunctionName: name, Name: "aliasname1_1" })));
    replay.match("list_aliases_for_fnname_afterdelete", await list());
  },

  async "TestLambdaAlias::test_non_existent_alias_update"(replay) {
    const name = replay.name("alias-fn");
    replay.match("create_response", await replay.createPlain(name, staging));
    await replay.matchFailure(
      "update_alias_response",
      replay.lambda.send(new UpdateAliasCommand({ FunctionName: name, Name: "non-existent" })),
    );
  },

  async "TestLambdaAlias::test_notfound_and_invalid_routingconfigs"(replay) {
    const name = replay.name("alias-fn");
    const { lambda } = replay;
    replay.match("create_response", await replay.createPlain(name, { Publish: true, ...staging }));
    await publishTwo(replay, name);
    const create = (weights: Record<string, number> | undefined, version = "1", alias = "custom", FunctionName = name) =>
      lambda.send(
        new CreateAliasCommand({
          FunctionName,
          Name: alias,
          FunctionVersion: version,
          ...(weights !== undefined && { RoutingConfig: { AdditionalVersionWeights: weights } }),
        }),
      );
    await replay.matchFailure("routing_config_exc_toomany", create({ "1": 0.8, "2": 0.2 }));
    await replay.matchFailure("routing_config_exc_toohigh", create({ "2": 2 }));
    await replay.matchFailure("routing_config_exc_subzero", create({ "2": -1 }));
    await replay.matchFailure("routing_config_exc_sameversion", create({ "1": 0.5 }));
    await replay.matchFailure("target_version_doesnotexist", create({ "2": 0.5 }, "10"));
    await replay.matchFailure("routing_config_exc_version_doesnotexist", create({ "10": 0.5 }));
    await replay.matchFailure("target_version_exc_version_latest", create({ "1": 0.5 }, "$LATEST"));
    await replay.matchFailure("routing_config_exc_version_latest", create({ $LATEST: 0.5 }));
    replay.match("create-alias-latest", await create(undefined, "$LATEST", "custom-latest"));
    await replay.matchFailure("routing_config_exc_fn_doesnotexist", create({ "2": 0.5 }, "1", "custom", `${name}-unknown`));
    replay.match("create_alias_empty_routingconfig", await create({}, "1", "custom-empty-routingconfig"));
    replay.match("create_alias_response", await create({ "2": 0.5 }));
    await replay.matchFailure("routing_config_exc_already_exist", create({ "2": 0.5 }));
    await replay.matchFailure("alias_does_not_exist_esc", lambda.send(new GetAliasCommand({ FunctionName: name, Name: "non-existent" })));
  },

  async "TestLambdaRevisions::test_function_revisions_basic"(replay) {
    const name = replay.name("fn");
    const { lambda } = replay;
    const ZipFile = pythonEcho("revisions");
    const code = (RevisionId: string) => lambda.send(new UpdateFunctionCodeCommand({ FunctionName: name, ZipFile, RevisionId }));
    const configure = (RevisionId: string) =>
      lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: name, Runtime: "python3.8", RevisionId }));
    replay.match("create_function_response_rev1", await replay.create(name, { Handler: "index.handler", Code: { ZipFile } }));
    const second = await replay.get(name);
    replay.match("get_function_response_rev2", second);
    await replay.matchFailure("update_function_revision_exception", code("wrong"));
    replay.match("update_function_code_response_rev3", await code(second.Configuration.RevisionId));
    await replay.updated(name);
    const fourth = await replay.get(name);
    replay.match("get_function_response_rev4", fourth);
    await replay.matchFailure("update_function_configuration_revision_exception", configure("wrong"));
    replay.match("update_function_configuration_response_rev5", await configure(fourth.Configuration.RevisionId));
    await replay.updated(name);
    replay.match("get_function_response_rev6", await replay.get(name));
  },

  async "TestLambdaRevisions::test_function_revisions_version_and_alias"(replay) {
    const name = replay.name("fn");
    const { lambda } = replay;
    replay.match("create_function_response_rev1", await replay.create(name));
    const active = await replay.get(name);
    replay.match("get_function_active_rev2", active);
    await replay.matchFailure("publish_version_revision_exception", publish(replay, name, { RevisionId: "wrong" }));
    replay.match("publish_version_response_rev_v1", await publish(replay, name, { RevisionId: active.Configuration.RevisionId }));
    replay.match("get_function_published_version_rev_v2", await replay.get(name, "1"));
    replay.match("get_function_latest_rev3", await replay.get(name));
    const Name = "revision_alias";
    const alias = await lambda.send(new CreateAliasCommand({ FunctionName: name, Name, FunctionVersion: "1" }));
    replay.match("create_alias_response_rev_a1", alias);
    replay.match("get_function_latest_rev4", await replay.get(name));
    replay.match("get_function_published_version_rev_v3", await replay.get(name, "1"));
    const update = (more: object) => lambda.send(new UpdateAliasCommand({ FunctionName: name, Name, ...more }));
    await replay.matchFailure("update_alias_revision_exception", update({ RevisionId: "wrong" }));
    replay.match("update_alias_response_rev_a2", await update({ Description: "something changed", RevisionId: alias.RevisionId }));
  },
};

export function publish({ lambda }: Replay, FunctionName: string, more: object = {}) {
  return lambda.send(new PublishVersionCommand({ FunctionName, ...more }));
}

function versions({ lambda }: Replay, FunctionName: string) {
  return lambda.send(new ListVersionsByFunctionCommand({ FunctionName }));
}

/** Of the function as it is, and of one with another variable. */
async function publishTwo(replay: Replay, name: string): Promise<void> {
  replay.match("publish_v1", await publish(replay, name));
  await replay.lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: name, Environment: { Variables: { testenv: "prod" } } }));
  await replay.updated(name);
  replay.match("publish_v2", await publish(replay, name));
}

async function aliasesInPages({ lambda }: Replay, FunctionName: string): Promise<AliasConfiguration[]> {
  const found: AliasConfiguration[] = [];
  let Marker: string | undefined;
  do {
    const page = await lambda.send(new ListAliasesCommand({ FunctionName, MaxItems: 1, Marker }));
    found.push(...page.Aliases!);
    Marker = page.NextMarker;
  } while (Marker !== undefined);
  return found;
}
