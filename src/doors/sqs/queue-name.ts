/** The names of queues, also in URLs, which are the host that the client called, the account and the name. */
import type { NamedQueue } from "../../control/lambda/queue-arns.ts";
import { invalidParameter, SqsError } from "./sqs-error.ts";

export const FIFO = ".fifo";

/** Of a URL, or of the name alone, which AWS takes as well. */
export function readQueueUrl(url: string): NamedQueue {
  const found = /^(?:https?:\/\/[^/]+)?\/(\d{12})\/([\w.-]{1,80})$/.exec(url);
  if (found !== null) return { account: found[1]!, name: found[2]! };
  if (/^[\w.-]{1,80}$/.test(url)) return { account: undefined, name: url };
  throw new SqsError("InvalidAddress", `The address ${url.slice(0, 200)} is not valid for this endpoint.`);
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
