import { AddPermissionCommand, GetPolicyCommand, type AddPermissionCommandInput } from "@aws-sdk/client-lambda";
import type { Replay, Scripts } from "../replay.ts";
import { withPolicy, withStatement } from "./layers.ts";
import { publish } from "./versions.ts";

const bucket = "arn:aws:s3:::test-bucket";

export const permissionScripts: Scripts = {
  async "TestLambdaPermissions::test_add_lambda_permission_fields"(replay) {
    const name = replay.name("lambda_func");
    await replay.create(name);
    const { account } = replay;
    const match = async (as: string, StatementId: string, more: Partial<AddPermissionCommandInput>) =>
      replay.match(as, await add(replay, { FunctionName: name, StatementId, ...more }));
    await match("add_permission_principal_wildcard", "wilcard", { Principal: "*", SourceAccount: account });
    await match("add_permission_principal_service", "lambda", { Principal: "lambda.amazonaws.com", SourceAccount: account });
    await match("add_permission_principal_account", "account-id", { Principal: account });
    await match("add_permission_principal_arn", "user-arn", { Principal: `arn:aws:iam::${account}:user/somebody`, SourceAccount: account });
    await match("add_permission_optional_fields", "urlPermission", {
      Action: "lambda:InvokeFunctionUrl",
      Principal: "*",
      SourceArn: bucket,
      SourceAccount: account,
      PrincipalOrgID: "o-1234567890",
      FunctionUrlAuthType: "NONE",
    });
    const EventSourceToken = "amzn1.ask.skill.xxxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    await match("add_permission_alexa_skill", "alexaSkill", { Principal: "*", EventSourceToken });
  },

  async "TestLambdaPermissions::test_add_lambda_permission_optional_fields"(replay) {
    const name = replay.name("lambda_func");
    await replay.create(name);
    await add(replay, { FunctionName: name, StatementId: "optional", Principal: "*", SourceArn: bucket, PrincipalOrgID: "o-1234567890" });
  },

  async "TestLambdaPermissions::test_lambda_permission_versioning"(replay) {
    const name = replay.name("lambda_func");
    await replay.create(name);
    const s3 = { FunctionName: name, Principal: "s3.amazonaws.com", SourceArn: bucket };
    const policy = async (Qualifier?: string) =>
      withPolicy(await replay.lambda.send(new GetPolicyCommand({ FunctionName: name, Qualifier })));
    replay.match("add_permission", await add(replay, { ...s3, StatementId: "s3" }));
    replay.match("get_policy", await policy());
    await publish(replay, name);
    replay.match("get_policy_after_publishing_latest", await policy());
    await replay.matchFailure("get_policy_after_publishing_new_version", policy("1"));
    await add(replay, { ...s3, StatementId: "s3", Qualifier: "1" });
    replay.match("get_policy_after_adding_to_new_version", await policy());
    await add(replay, { ...s3, StatementId: "s3_2" });
    replay.match("get_policy_after_adding_2", await policy());
  },
};

async function add({ lambda }: Replay, more: Partial<AddPermissionCommandInput>): Promise<object> {
  const input = { Action: "lambda:InvokeFunction", FunctionName: "", StatementId: "", Principal: "", ...more };
  return withStatement(await lambda.send(new AddPermissionCommand(input)));
}
