/** What a template says besides functions and what leads to them, and why it is not carried out. */
import type { Place } from "../document/place.ts";
import type { PassedOver } from "../translation.ts";

const RIGHTS = "There are no roles: code has no rights at Amazon unless it brings keys, as secrets.";
const LAYERS = "There are no layers: what they bring has to be in the function's own code folder.";

/** Properties of both types of functions. */
const properties = new Map([
  ["VpcConfig", "Machines have no network of Amazon's. Private addresses that the code needs are named in `network` of mayfly.json."],
  ["Role", RIGHTS],
  ["Policies", RIGHTS],
  ["Layers", LAYERS],
  ["ReservedConcurrentExecutions", "The number of machines is of the whole app: `maxMachines` of mayfly.json."],
  ["ProvisionedConcurrencyConfig", "How many machines are kept ready is of the whole app: `minMachines` of mayfly.json."],
  ["EphemeralStorage", "/tmp is part of the machine's memory: raise MemorySize if the code writes much there."],
  ["FileSystemConfigs", "Folders of a network are mounted by `mounts` of mayfly.json."],
  ["DeadLetterQueue", "There are no queues for failed events yet."],
  ["DeadLetterConfig", "There are no queues for failed events yet."],
  ["EventInvokeConfig", "There are no destinations of results yet."],
  ["SnapStart", "`snapshot` of mayfly.json does that."],
  ["DeploymentPreference", "A deploy sends all calls to the new code at once."],
]);

/** Roles have no counterpart in any app, and nearly every function of CDK has one: they are not worth a line each. */
const usual = new Set(["Role"]);

export function passedOverProperties(place: Place): PassedOver[] {
  return place.entries().flatMap(([name, own]) => {
    const why = properties.get(name);
    return why === undefined || usual.has(name) || !own.isThere ? [] : [{ at: own.at, why }];
  });
}

/** Types that functions and their routes are made of, or that mean nothing without them. */
const carriedOut = new Set([
  "AWS::Serverless::Function",
  "AWS::Serverless::Api",
  "AWS::Serverless::HttpApi",
  "AWS::Lambda::Function",
  "AWS::Lambda::Permission",
  "AWS::Lambda::Url",
  "AWS::Lambda::Version",
  "AWS::Lambda::Alias",
  "AWS::ApiGatewayV2::Api",
  "AWS::ApiGatewayV2::Route",
  "AWS::ApiGatewayV2::Integration",
  "AWS::ApiGatewayV2::Stage",
  "AWS::ApiGatewayV2::Authorizer",
  "AWS::ApiGateway::RestApi",
  "AWS::ApiGateway::Resource",
  "AWS::ApiGateway::Method",
  "AWS::ApiGateway::Deployment",
  "AWS::ApiGateway::Stage",
  "AWS::ApiGateway::Account",
  "AWS::CDK::Metadata",
  "AWS::Logs::LogGroup",
]);

/** Types that would start functions. */
const triggers = new Set([
  "AWS::Lambda::EventSourceMapping",
  "AWS::Events::Rule",
  "AWS::Scheduler::Schedule",
  "AWS::SNS::Subscription",
  "AWS::Logs::SubscriptionFilter",
  "AWS::IoT::TopicRule",
]);

/** They are counted by type, because a template may have hundreds. */
export function passedOverResources(resources: [string, Place][]): PassedOver[] {
  const types = Map.groupBy(resources, ([, place]) => {
    const { value } = place.key("Type");
    return typeof value === "string" ? value : "a resource without a type";
  });
  return [...types].flatMap(([type, all]) => {
    if (carriedOut.has(type)) return [];
    const count = all.length > 1 ? ` (${all.length} of them)` : "";
    return [{ at: all[0]![1].at, why: `${type}${count} ${whyOf(type)}` }];
  });
}

function whyOf(type: string): string {
  if (triggers.has(type)) return "starts no function here yet.";
  if (type.startsWith("AWS::IAM::")) return `is not made. ${RIGHTS}`;
  if (type === "AWS::Serverless::LayerVersion" || type === "AWS::Lambda::LayerVersion") return `is not made. ${LAYERS}`;
  return "is not made: Mayfly deploys functions alone.";
}
