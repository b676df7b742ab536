/** To whom a bucket tells its changes: functions of the Lambda API, queues, and the event bus. */
import { randomUUID } from "node:crypto";
import type { NotificationRule } from "../../../services/objects/object.ts";
import type { S3Call, S3Operation } from "../call.ts";
import { testEvent } from "../notification-record.ts";
import { EVENT_BUS, type NotificationAsker } from "../notification-targets.ts";
import { documentOf as bodyOf } from "../request/body.ts";
import { S3Error } from "../s3-error.ts";
import { documentOf, type Element, parseXml, type Xml } from "../xml.ts";

const kinds = [
  { element: "CloudFunctionConfiguration", target: "CloudFunction", service: "lambda" },
  { element: "QueueConfiguration", target: "Queue", service: "sqs" },
  { element: "TopicConfiguration", target: "Topic", service: "sns" },
] as const;
const events = new Set(
  [
    "ObjectCreated:* ObjectCreated:Put ObjectCreated:Post ObjectCreated:Copy ObjectCreated:CompleteMultipartUpload",
    "ObjectRemoved:* ObjectRemoved:Delete ObjectRemoved:DeleteMarkerCreated ObjectTagging:* ObjectTagging:Put ObjectTagging:Delete ObjectAcl:Put",
    "LifecycleExpiration:* LifecycleExpiration:Delete LifecycleExpiration:DeleteMarkerCreated",
    // These are known, and never happen here.
    "ObjectRestore:* ObjectRestore:Post ObjectRestore:Completed ObjectRestore:Delete ReducedRedundancyLostObject LifecycleTransition IntelligentTiering",
    "Replication:* Replication:OperationFailedReplication Replication:OperationMissedThreshold Replication:OperationReplicatedAfterThreshold Replication:OperationNotTracked",
  ].flatMap((line) => line.split(" ").map((name) => `s3:${name}`)),
);
const MOST_RULES = 100;

export const notificationOperations: readonly S3Operation[] = [
  {
    operation: "GetBucketNotificationConfiguration",
    method: "GET",
    level: "bucket",
    query: "notification",
    right: "read",
    handle: async ({ bucket }) => ({ body: documentOf("NotificationConfiguration", shown(bucket.settings.notification ?? [])) }),
  },
  {
    operation: "PutBucketNotificationConfiguration",
    method: "PUT",
    level: "bucket",
    query: "notification",
    right: "deploy",
    async handle(call) {
      const rules = rulesOf(parseXml(await bodyOf(call), "NotificationConfiguration"));
      const asker = askerOf(call);
      const isSkipped = call.headers["x-amz-skip-destination-validation"]?.toLowerCase() === "true";
      // What a function names from its machine is always looked at: it reaches what is its app's.
      if (!isSkipped || asker.app !== undefined) await refuseUnknown(call, asker, rules);
      await call.objects.setBucket(call.name, { notification: rules });
      return {};
    },
  },
];

function rulesOf(root: Element): NotificationRule[] {
  const rules = kinds.flatMap(({ element, target, service }) => root.all(element).map((each) => ruleOf(each, target, service)));
  if (root.has("EventBridgeConfiguration")) rules.push({ id: EVENT_BUS, events: ["s3:*"], prefix: "", suffix: "", target: EVENT_BUS });
  if (rules.length > MOST_RULES)
    throw new S3Error("InvalidArgument", {}, `A bucket may have at most ${MOST_RULES} notification configurations`);
  if (new Set(rules.map(({ id }) => id)).size < rules.length)
    throw new S3Error("InvalidArgument", {}, "Same ID used for multiple configurations");
  return rules;
}

function ruleOf(element: Element, target: string, service: string): NotificationRule {
  const arn = element.needed(target);
  if (!new RegExp(`^arn:[a-z-]+:${service}:[a-z0-9-]*:\\d{12}:.{1,300}$`).test(arn))
    throw new S3Error("InvalidArgument", { ArgumentName: target, ArgumentValue: arn.slice(0, 300) }, "The ARN could not be parsed");
  const named = element.all("Event").map((event) => event.value);
  if (named.length === 0) throw new S3Error("MalformedXML");
  const unknown = named.find((event) => !events.has(event));
  if (unknown !== undefined)
    throw new S3Error(
      "InvalidArgument",
      { ArgumentName: "Event", ArgumentValue: unknown.slice(0, 100) },
      "The event is not supported for notifications",
    );
  const filter = { prefix: "", suffix: "" };
  for (const rule of element.one("Filter")?.one("S3Key")?.all("FilterRule") ?? []) {
    const [name, value] = [rule.needed("Name").toLowerCase(), rule.needed("Value")];
    if (name !== "prefix" && name !== "suffix")
      throw new S3Error(
        "InvalidArgument",
        { ArgumentName: "FilterRule.Name", ArgumentValue: name.slice(0, 100) },
        "filter rule name must be either prefix or suffix",
      );
    filter[name] = value;
  }
  return { id: element.text("Id") || randomUUID(), events: named, ...filter, target: arn };
}

function askerOf({ caller, bucket }: S3Call): NotificationAsker {
  const { app } = bucket.settings;
  return { tenant: bucket.tenant, app: app !== undefined && caller?.principal.id === app ? app : undefined };
}

/** Throws if one of the rules goes where nobody can be told, and tells the queues that can be told that they will be. */
async function refuseUnknown(call: S3Call, asker: NotificationAsker, rules: readonly NotificationRule[]): Promise<void> {
  const { targets, name, id, now } = call;
  const arns = rules.flatMap(({ target }) => (target === EVENT_BUS ? [] : [target]));
  if (asker.app !== undefined && arns.length < rules.length)
    throw new S3Error("AccessDenied", {}, "A function cannot have changes told to the event bus of its tenant");
  const asked = await Promise.all(arns.map((arn) => targets.problemOf(arn, asker)));
  refuse(asked.filter((problem) => problem !== undefined));
  const greeting = JSON.stringify(testEvent({ name, id, now }));
  const each = [...new Set(arns)];
  const greeted = await Promise.allSettled(each.map((arn) => targets.greet(arn, asker, greeting)));
  refuse(greeted.flatMap((outcome, at) => (outcome.status === "fulfilled" ? [] : [[each[at]!, "The test message could not be sent"]])));
}

function refuse(problems: readonly (readonly [name: string, value: string])[]): void {
  if (problems.length === 0) return;
  const details = problems.flatMap(([name, value], at) => [
    [`ArgumentName${at + 1}`, name],
    [`ArgumentValue${at + 1}`, value],
  ]);
  throw new S3Error("InvalidArgument", Object.fromEntries(details), "Unable to validate the following destination configurations");
}

function shown(rules: readonly NotificationRule[]): Xml {
  const all: [string, Xml[]][] = kinds.map(({ element, target, service }) => [
    element,
    rules.filter((rule) => rule.target.split(":", 3)[2] === service).map((rule) => shownRule(rule, target)),
  ]);
  const isToBus = rules.some(({ target }) => target === EVENT_BUS);
  return { ...Object.fromEntries(all), EventBridgeConfiguration: isToBus ? {} : undefined };
}

function shownRule({ id, events: named, prefix, suffix, target }: NotificationRule, element: string): Xml {
  const filters: Xml[] = [];
  if (prefix !== "") filters.push({ Name: "Prefix", Value: prefix });
  if (suffix !== "") filters.push({ Name: "Suffix", Value: suffix });
  return { Id: id, [element]: target, Event: named, Filter: filters.length === 0 ? undefined : { S3Key: { FilterRule: filters } } };
}
