/** The names of buses and rules in ARNs. */
import { type Account, partitionOf } from "../../control/lambda/names.ts";
import { DEFAULT_BUS, type RuleRef } from "../../events/bus/bus.ts";
import { invalid } from "../aws/service-error.ts";

function arn({ account, region }: Account, resource: string): string {
  return `arn:${partitionOf(region)}:events:${region}:${account}:${resource}`;
}

export function busArn(account: Account, name: string): string {
  return arn(account, `event-bus/${name}`);
}

export function ruleArn(account: Account, { bus, name }: Pick<RuleRef, "bus" | "name">): string {
  return arn(account, bus === DEFAULT_BUS ? `rule/${name}` : `rule/${bus}/${name}`);
}

const BUS = /^arn:aws[\w-]*:events:[\w-]*:(\d{12}):event-bus\/([\w.-]{1,256})$/;
const RULE = /^arn:aws[\w-]*:events:[\w-]*:(\d{12}):rule\/(?:([\w.-]{1,256})\/)?([\w.-]{1,64})$/;

/** The name of a bus of the caller's, which requests name by its name or its ARN. Throws a ServiceError. @param text undefined: the default bus */
export function readBusName(text: string | undefined, { account }: Account): string {
  if (text === undefined) return DEFAULT_BUS;
  const [, owner, named] = BUS.exec(text) ?? [];
  if (named !== undefined && owner === account) return named;
  if (named === undefined && /^[\w.-]{1,256}$/.test(text)) return text;
  throw invalid(`Parameter EventBusName is not valid. Reason: ${text.slice(0, 300)} is no event bus of the account ${account}.`);
}

/** What tags are of: a rule, or a bus. Undefined if the ARN is of neither, or of another account. */
export function readTagged(text: string, { tenant, account }: Account): { bus: string; rule: RuleRef | null } | undefined {
  const [, ofBus, named] = BUS.exec(text) ?? [];
  if (named !== undefined) return ofBus === account ? { bus: named, rule: null } : undefined;
  const [, ofRule, bus = DEFAULT_BUS, name] = RULE.exec(text) ?? [];
  return name === undefined || ofRule !== account ? undefined : { bus, rule: { tenant, bus, name } };
}
