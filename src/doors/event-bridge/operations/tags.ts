/** Tags of buses and rules. */
import { shownTags } from "../../aws/input.ts";
import { invalid } from "../../aws/service-error.ts";
import { Constraints } from "../../lambda/constraints.ts";
import { readTagged } from "../arns.ts";
import { type EventBridgeCall, noSuchBus, noSuchRule, type Operations } from "../call.ts";

export const tags: Operations = {
  TagResource: { right: "deploy", handle: tag },
  UntagResource: { right: "deploy", handle: untag },
  ListTagsForResource: { right: "read", handle: async (call) => ({ Tags: shownTags((await tagged(call)).tags) }) },
};

const MOST_TAGS = 50;

async function tag(call: EventBridgeCall): Promise<object> {
  const found = await tagged(call);
  const all = { ...found.tags, ...call.input.tags() };
  if (Object.keys(all).length > MOST_TAGS) throw invalid(`A resource may have ${MOST_TAGS} tags.`);
  await found.put(all);
  return {};
}

async function untag(call: EventBridgeCall): Promise<object> {
  const found = await tagged(call);
  const gone = new Set(call.input.texts("TagKeys"));
  await found.put(Object.fromEntries(Object.entries(found.tags).filter(([key]) => !gone.has(key))));
  return {};
}

interface Tagged {
  tags: Record<string, string>;
  put(tags: Record<string, string>): Promise<unknown>;
}

async function tagged({ input, account, buses }: EventBridgeCall): Promise<Tagged> {
  const arn = input.text("ResourceARN");
  new Constraints().required("resourceARN", arn).length("resourceARN", arn, 1, 1_600).check();
  const named = readTagged(arn!, account);
  if (named === undefined) throw invalid("Parameter ResourceARN is not valid. Reason: Provided Arn is not in correct format.");
  const { bus, rule } = named;
  if (rule === null) {
    const found = (await buses.list(account.tenant)).find(({ name }) => name === bus);
    if (found === undefined) throw noSuchBus(bus);
    return { tags: found.tags, put: (all) => buses.change(account.tenant, bus, { tags: all }) };
  }
  const found = (await buses.rules(account.tenant, bus))?.find(({ name }) => name === rule.name);
  if (found === undefined) throw noSuchRule(rule.name, bus);
  return { tags: found.tags, put: (all) => buses.tagRule(rule, all) };
}
