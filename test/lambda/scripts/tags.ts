import { DeleteFunctionCommand, ListTagsCommand, TagResourceCommand, UntagResourceCommand } from "@aws-sdk/client-lambda";
import { forEach, type Replay, type Scripts } from "../replay.ts";
import { publish } from "./versions.ts";

export const tagScripts: Scripts = {
  async "TestLambdaTag::test_create_tag_on_fn_create"(replay) {
    const name = replay.name("fn");
    await replay.create(name, { Tags: { testtag: replay.name("tag") } });
    replay.match("get_function_result", await replay.get(name));
    replay.match("list_tags_result", await list(replay, replay.arn(name)));
  },

  async "TestLambdaTag::test_tag_lifecycle"(replay) {
    const arn = await made(replay);
    const step = async (name: string, answer: object) => {
      replay.match(name, answer);
      replay.match(`${name}_listtags`, await list(replay, arn));
    };
    await step("tag_single_response", await tag(replay, arn, { A: "tag-a" }));
    await step("tag_multiple_response", await tag(replay, arn, { B: "tag-b", C: "tag-c" }));
    await step("tag_overlap_response", await tag(replay, arn, { C: "tag-c-newsuffix", D: "tag-d" }));
    await step("untag_single_response", await untag(replay, arn, ["A"]));
    await step("untag_multiple_response", await untag(replay, arn, ["B", "C"]));
    await step("untag_nonexisting_response", await untag(replay, arn, ["F"]));
    await step("untag_existing_and_nonexisting_response", await untag(replay, arn, ["D", "F"]));
  },

  async "TestLambdaTag::test_tag_nonexisting_resource"(replay) {
    const arn = await made(replay);
    replay.match("pre_delete_get_function", await replay.get(arn));
    await replay.lambda.send(new DeleteFunctionCommand({ FunctionName: arn }));
    await matchMissing(replay, arn);
  },

  ...forEach("TestLambdaTag::test_tag_exceptions", ["capacity_provider"], async (replay) => {
    const prefix = `arn:aws:lambda:${replay.region}:${replay.account}`;
    const name = replay.name("resource");
    const arn = `${prefix}:capacity-provider:${name}`;
    await matchMissing(replay, arn);
    await replay.matchFailure("aliased_arn_exception", tag(replay, `${arn}:alias`, { A: "B" }));
    await replay.matchFailure("invalid_arn_exception", tag(replay, `${prefix}:foobar:${name}`, { A: "B" }));
  }),

  async "TestLambdaTags::test_tag_exceptions"(replay) {
    const arn = await made(replay);
    const one = { key_a: "value_a" };
    await replay.matchFailure("tag_lambda_invalidarn", tag(replay, "arn:aws:something", one));
    await replay.matchFailure("tag_lambda_doesnotexist", tag(replay, replay.arn("doesnotexist"), one));
    await replay.matchFailure("tag_lambda_qualifier_doesnotexist", tag(replay, `${arn}:v1`, one));
    replay.match("list_tag_lambda_empty", await list(replay, arn));
    replay.match("untag_nomatch", await untag(replay, arn, ["somekey"]));
    await replay.matchFailure("untag_empty_keys", untag(replay, arn, []));
    await replay.matchFailure("tag_empty_tags", tag(replay, arn, {}));
  },

  async "TestLambdaTags::test_tag_limits"(replay) {
    const arn = await made(replay);
    await replay.matchFailure("create_function_invalid_tags", replay.create(replay.name("fn-tag"), { Tags: many(51) }));
    await replay.matchFailure("tag_lambda_too_many_tags", tag(replay, arn, many(51)));
    replay.match("tag_response", await tag(replay, arn, many(50)));
    replay.match("list_tags_response", await list(replay, arn));
    replay.match("get_fn_response", await replay.get(arn));
    await replay.matchFailure("tag_lambda_too_many_tags_additional", tag(replay, arn, { a_key: "a_value" }));
  },

  async "TestLambdaTags::test_tag_versions"(replay) {
    const name = replay.name("fn-tag");
    await replay.create(name, { Tags: { key_a: "value_a" } });
    await publish(replay, name);
    const more = { key_b: "value_b", key_c: "value_c", key_d: "value_d", key_e: "value_e" };
    await replay.matchFailure("tag_resource_exception", tag(replay, `${replay.arn(name)}:1`, more));
    await replay.matchFailure("tag_resource_latest_exception", tag(replay, `${replay.arn(name)}:$LATEST`, more));
  },

  async "TestLambdaTags::test_tag_lifecycle"(replay) {
    const name = replay.name("fn-tag");
    const arn = replay.arn(name);
    const step = async (after: string) => {
      replay.match(`list_tags_response_${after}`, await list(replay, arn));
      replay.match(`get_fn_response_${after}`, await replay.get(arn));
    };
    await replay.create(name, { Tags: { key_a: "value_a" } });
    await step("postfncreate");
    const more = { key_b: "value_b", key_c: "value_c", key_d: "value_d", key_e: "value_e" };
    replay.match("tag_resource_response", await tag(replay, arn, more));
    await step("postaddtags");
    replay.match("tag_resource_overwrite", await tag(replay, arn, { key_b: "value_b", key_c: "value_x" }));
    await step("overwrite");
    await untag(replay, arn, ["key_c", "key_d"]);
    await step("postuntag");
    await untag(replay, arn, ["key_a", "key_b", "key_e"]);
    await step("postuntagall");
    await replay.lambda.send(new DeleteFunctionCommand({ FunctionName: name }));
    await replay.matchFailure("list_tags_postdelete", list(replay, arn));
  },
};

async function made(replay: Replay): Promise<string> {
  const name = replay.name("fn");
  await replay.create(name);
  return replay.arn(name);
}

async function matchMissing(replay: Replay, arn: string): Promise<void> {
  await replay.matchFailure("not_found_exception_tag", tag(replay, arn, { A: "B" }));
  await replay.matchFailure("not_found_exception_untag", untag(replay, arn, ["A"]));
  await replay.matchFailure("not_found_exception_list", list(replay, arn));
}

function many(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_each, at) => [`${at}_key`, `${at}_value`]));
}

function tag({ lambda }: Replay, Resource: string, Tags: Record<string, string>) {
  return lambda.send(new TagResourceCommand({ Resource, Tags }));
}

function untag({ lambda }: Replay, Resource: string, TagKeys: string[]) {
  return lambda.send(new UntagResourceCommand({ Resource, TagKeys }));
}

function list({ lambda }: Replay, Resource: string) {
  return lambda.send(new ListTagsCommand({ Resource }));
}
