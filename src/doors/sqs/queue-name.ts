/** The names of queues: in URLs, which are the host that the client called, the account and the name, and in ARNs. */
import { type Account, partitionOf } from "../../control/lambda/names.ts";
import { invalidParameter, SqsError } from "./sqs-error.ts";

export interface NamedQueue {
  /** Undefined: the caller's own. */
  account: string | undefined;
  name: string;
}

export const FIFO = ".fifo";

/** Of a URL, or of the name alone, which AWS takes as well. */
export function readQueueUrl(url: string): NamedQueue {
  const found = /^(?:https?:\/\/[^/]+)?\/(\d{12})\/([\w.-]{1,80})$/.exec(url);
  if (found !== null) return { account: found[1]!, name: found[2]! };
  if (/^[\w.-]{1,80}$/.test(url)) return { account: undefined, name: url };
  throw new SqsError("InvalidAddress", `The address ${url.slice(0, 200)} is not valid for this endpoint.`);
}

/** Undefined if it is none of a queue. */
export function readQueueArn(arn: string): NamedQueue | undefined {
  const found = /^arn:[a-z-]+:sqs:[a-z\d-]*:(\d{12}):([\w.-]{1,80})$/.exec(arn);
  return found === null ? undefined : { account: found[1]!, name: found[2]! };
}

export function queueArn({ account, region }: Account, name: string): string {
  return `arn:${partitionOf(region)}:sqs:${region}:${account}:${name}`;
}

/** Throws for a name that a new queue cannot have. */
export function checkName(name: string, isFifo: boolean): void {
  const bare = isFifo ? name.replace(/\.fifo$/, "") : name;
  if (/^[\w-]{1,80}$/.test(bare) && name.length <= 80 && (!isFifo || bare !== name)) return;
  throw invalidParameter(
    isFifo
      ? "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length."
      : "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length",
  );
}
