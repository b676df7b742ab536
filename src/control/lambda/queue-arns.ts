/** Queues as AWS names them everywhere but in SQS's URLs. */
import { type Account, partitionOf } from "./names.ts";

export interface NamedQueue {
  /** Undefined: the caller's own. */
  account: string | undefined;
  name: string;
}

/** Undefined if it is none of a queue. */
export function readQueueArn(arn: string): NamedQueue | undefined {
  const found = /^arn:[a-z-]+:sqs:[a-z\d-]*:(\d{12}):([\w.-]{1,80})$/.exec(arn);
  return found === null ? undefined : { account: found[1]!, name: found[2]! };
}

export function queueArn({ account, region }: Account, name: string): string {
  return `arn:${partitionOf(region)}:sqs:${region}:${account}:${name}`;
}
