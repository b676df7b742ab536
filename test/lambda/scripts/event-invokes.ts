import assert from "node:assert/strict";
import {
  CreateAliasCommand,
  DeleteFunctionEventInvokeConfigCommand,
  GetFunctionEventInvokeConfigCommand,
  ListFunctionEventInvokeConfigsCommand,
  PutFunctionEventInvokeConfigCommand,
  UpdateFunctionEventInvokeConfigCommand,
} from "@aws-sdk/client-lambda";
import type { Replay, Scripts } from "../replay.ts";
import { publish } from "./versions.ts";

function callsOf({ lambda }: Replay) {
  return {
    put: (FunctionName: string, more: object = {}) => lambda.send(new PutFunctionEventInvokeConfigCommand({ FunctionName, ...more })),
    update: (FunctionName: string, more: object) => lambda.send(new UpdateFunctionEventInvokeConfigCommand({ FunctionName, ...more })),
    get: (FunctionName: string, Qualifier?: string) => lambda.send(new GetFunctionEventInvokeConfigCommand({ FunctionName, Qualifier })),
    remove: (FunctionName: string, Qualifier?: string) =>
      lambda.send(new DeleteFunctionEventInvokeConfigCommand({ FunctionName, Qualifier })),
    list: (FunctionName: string, more: object = {}) => lambda.send(new ListFunctionEventInvokeConfigsCommand({ FunctionName, ...more })),
  };
}

const once = { MaximumRetryAttempts: 1 };

export const eventInvokeScripts: Scripts = {
  async "TestLambdaEventInvokeConfig::test_lambda_eventinvokeconfig_lifecycle"(replay) {
    const name = replay.name("fn-eventinvoke");
    const { put, update, get, remove, list } = callsOf(replay);
    await replay.create(name);
    replay.match("put_invokeconfig_retries_0", await put(name, { MaximumRetryAttempts: 0 }));
    replay.match("put_invokeconfig_eventage_60", await put(name, { MaximumEventAgeInSeconds: 60 }));
    replay.match("update_invokeconfig_eventage_nochange", await update(name, { MaximumEventAgeInSeconds: 60 }));
    replay.match("update_invokeconfig_retries", await update(name, once));
    replay.match("get_invokeconfig", await get(name));
    replay.match("get_invokeconfig_latest", await get(name, "$LATEST"));
    replay.match("list_single_invokeconfig", await list(name));
    replay.match("publish_version_result", await publish(replay, name));
    await replay.matchFailure("get_invokeconfig_postpublish", get(name, "1"));
    replay.match("put_published_invokeconfig", await put(name, { Qualifier: "1", MaximumEventAgeInSeconds: 120 }));
    replay.match("get_published_invokeconfig", await get(name, "1"));
    const first = await list(name, { MaxItems: 1 });
    const second = await list(name, { MaxItems: 1, Marker: first.NextMarker });
    const arns = [first, second].flatMap((page) => page.FunctionEventInvokeConfigs!.map(({ FunctionArn }) => FunctionArn));
    const all = (await list(name)).FunctionEventInvokeConfigs!.map(({ FunctionArn }) => FunctionArn);
    assert.deepEqual(new Set(arns), new Set(all));
    await remove(name);
    replay.match("list_paging_nolimit_postdelete", await list(name));
  },

  async "TestLambdaEventInvokeConfig::test_lambda_eventinvokeconfig_exceptions"(replay) {
    const [name, other] = [replay.name("fn-eventinvoke"), replay.name("fn-eventinvoke-2")];
    const [arn, otherArn, missing] = [replay.arn(name), replay.arn(other), replay.arn("doesnotexist")];
    const alias = "eventinvokealias";
    const { put, update, get, remove, list } = callsOf(replay);
    await replay.create(name);
    await replay.create(other);
    replay.match("fn_version_result", await publish(replay, name));
    const made = await replay.lambda.send(new CreateAliasCommand({ FunctionName: name, Name: alias, FunctionVersion: "1" }));
    replay.match("fn_alias_result", made);
    const aliasArn = made.AliasArn!;
    const fails = (as: string, call: Promise<unknown>) => replay.matchFailure(as, call);

    await fails("put_functionname_name_notfound", put("doesnotexist", once));
    await fails("put_functionname_arn_notfound", put(missing, once));
    await fails("put_functionname_nootherargs", put("doesnotexist"));

    const success = (Destination: string) => ({ DestinationConfig: { OnSuccess: { Destination } } });
    await fails("put_destination_lambda_doesntexist", put(name, success(missing)));
    await fails("put_destination_recursive", put(name, success(arn)));
    replay.match("put_destination_other_lambda", await put(name, success(otherArn)));
    await fails("put_destination_invalid_service_arn", put(name, success(arn.replace(":lambda:", ":iam:"))));
    replay.match("put_destination_success_no_destination_arn", await put(name, { DestinationConfig: { OnSuccess: {} } }));
    replay.match("put_destination_failure_no_destination_arn", await put(name, { DestinationConfig: { OnFailure: {} } }));
    const odd = { DestinationConfig: { OnFailure: { Destination: arn.replace(":lambda:", ":_-/!lambda:") } } };
    await fails("put_destination_invalid_arn_pattern", put(name, odd));

    replay.match("put_destination_latest", await put(name, once));
    replay.match("put_destination_latest_explicit_qualifier", await put(name, { Qualifier: "$LATEST", ...once }));
    replay.match("put_destination_version", await put(name, { Qualifier: "1", ...once }));
    replay.match("put_alias_functionname_qualifier", await put(name, { Qualifier: alias, ...once }));
    await fails("put_alias_doesnotexist", put(name, { Qualifier: `${alias}doesnotexist`, ...once }));
    replay.match("put_alias_qualifiedarn", await put(aliasArn, once));
    replay.match("put_alias_qualifiedarn_qualifier", await put(aliasArn, { Qualifier: alias, ...once }));
    await fails("put_alias_qualifiedarn_qualifierconflict", put(aliasArn, { Qualifier: `${alias}doesnotexist`, ...once }));
    replay.match("put_alias_shorthand", await put(`${name}:${alias}`, once));
    replay.match("put_alias_shorthand_qualifier", await put(`${name}:${alias}`, { Qualifier: alias, ...once }));
    await fails("put_alias_shorthand_qualifierconflict", put(`${name}:${alias}`, { Qualifier: `${alias}doesnotexist`, ...once }));
    replay.match("put_version_shorthand", await put(`${name}:1`, once));
    replay.match("put_shorthand_qualifier_match", await put(`${name}:$LATEST`, { Qualifier: "$LATEST", ...once }));
    await fails("put_shorthand_qualifier_mismatch_1", put(`${name}:1`, { Qualifier: "$LATEST", ...once }));
    await fails("put_shorthand_qualifier_mismatch_2", put(`${name}:$LATEST`, { Qualifier: "1", ...once }));
    await fails("put_shorthand_qualifier_mismatch_3", put(`${name}:1`, { Qualifier: alias, ...once }));
    replay.match("put_maxevent_maxvalue_result", await put(name, { MaximumRetryAttempts: 2, MaximumEventAgeInSeconds: 21_600 }));

    const both = { MaximumRetryAttempts: 2, MaximumEventAgeInSeconds: 60 };
    const none = { MaximumRetryAttempts: 0 };
    replay.match("put_pre_overwrite", await put(name, both));
    replay.match("put_post_overwrite", await put(name, none));
    replay.match("second_overwrite_existing_response", await put(name, none));
    replay.match("get_post_overwrite", await get(name));
    replay.match("pre_update_response", await put(name, both));
    replay.match("update_response", await update(name, none));
    replay.match("update_response_existing", await update(name, none));

    replay.match("list_configs", await list(name));
    const two = await list(name, { MaxItems: 2 });
    assert.ok(two.FunctionEventInvokeConfigs!.length === 2 && two.NextMarker !== undefined);
    replay.match("delete_latest", await remove(name, "$LATEST"));
    replay.match("delete_version", await remove(name, "1"));
    replay.match("delete_alias", await remove(name, alias));
    replay.match("list_configs_postdelete", await list(name));
    await fails("delete_function_not_found", remove(name));
    await fails("delete_function_doesnotexist", remove("doesnotexist"));
    await fails("list_function_doesnotexist", list("doesnotexist"));
    await fails("get_function_doesnotexist", get("doesnotexist"));
    await fails("get_qualifier_doesnotexist", get(name, "doesnotexist"));
    await fails("update_eventinvokeconfig_function_doesnotexist", update("doesnotexist", none));
    await fails("get_eventinvokeconfig_doesnotexist", get(aliasArn));
    await fails("update_eventinvokeconfig_config_doesnotexist_with_qualifier", update(aliasArn, none));
    await fails("update_eventinvokeconfig_config_doesnotexist_without_qualifier", update(arn, none));
  },
};
