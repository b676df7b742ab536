/** Recordings of a time at which AWS's answers had less in them than they have in the others. */
import {
  AddPermissionCommand,
  type AddPermissionCommandInput,
  GetPolicyCommand,
  PublishVersionCommand,
  RemovePermissionCommand,
  UpdateFunctionConfigurationCommand,
} from "@aws-sdk/client-lambda";
import { pythonEcho, type Scripts } from "../replay.ts";
import { withPolicy } from "./layers.ts";
import { publish } from "./versions.ts";

export const olderScripts: Scripts = {
  async "TestLambdaVersions::test_publish_with_wrong_revisionid"(replay) {
    const name = replay.name("fn");
    const { lambda } = replay;
    replay.match(
      "create_response",
      await replay.createPlain(name, { Runtime: "python3.9", Code: { ZipFile: pythonEcho(name, "index.py") } }),
    );
    const shown = await replay.get(name);
    replay.match("get_fn_response", shown);
    const publishAt = (RevisionId: string) => lambda.send(new PublishVersionCommand({ FunctionName: name, RevisionId }));
    await replay.matchFailure("publish_wrong_revisionid_exc", publishAt("doesntexist"));
    replay.match("publish_result", await publishAt(shown.Configuration.RevisionId));
  },

  async "TestLambdaPermissions::test_lambda_permission_revisions"(replay) {
    const name = replay.name("lambda_func");
    const { lambda } = replay;
    await replay.create(name, { Runtime: "python3.8" });
    await publish(replay, name);
    await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: name, Runtime: "python3.9" }));
    await replay.updated(name);
    const s3 = {
      FunctionName: name,
      Action: "lambda:InvokeFunction",
      Principal: "s3.amazonaws.com",
      SourceArn: "arn:aws:s3:::test-bucket",
    };
    const add = (StatementId: string, more: Partial<AddPermissionCommandInput> = {}) =>
      lambda.send(new AddPermissionCommand({ ...s3, StatementId, ...more }));
    const policy = async (Qualifier?: string) => withPolicy(await lambda.send(new GetPolicyCommand({ FunctionName: name, Qualifier })));
    await add("s3");
    await add("s3_2");
    await add("s3_2", { Qualifier: "1" });
    const latest = await replay.get(name);
    const version = await replay.get(name, "1");
    replay.match("get_function_fn8", latest);
    replay.match("get_function_fn8_v1", version);
    replay.match("get_policy_after_publish_version", await policy());
    replay.match("get_policy_v1_after_publish_version", await policy("1"));
    await replay.matchFailure(
      "add_permission_revision_id_doesnotmatch",
      add("s3_3", { Qualifier: "1", RevisionId: latest.Configuration.RevisionId }),
    );
    await add("s3_3", { Qualifier: "1", RevisionId: version.Configuration.RevisionId });
    replay.match("get_policy_v1_after_add_permission9", await policy("1"));
    replay.match("get_function_fn9", await replay.get(name));
    replay.match("get_function_fn9_v1", await replay.get(name, "1"));
    const remove = new RemovePermissionCommand({ FunctionName: name, StatementId: "s3", RevisionId: version.Configuration.RevisionId });
    await replay.matchFailure("remove_permission_fn_revision_id_doesnotmatch", lambda.send(remove));
  },
};
