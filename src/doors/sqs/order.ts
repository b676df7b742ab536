import type { NamedQueue } from "../../control/lambda/queue-arns.ts";
import type { SqsCall, SqsOperation } from "./call.ts";
import { Input } from "./input.ts";
import { operations } from "./operations/all.ts";
import { readQueueUrl } from "./queue-name.ts";
import type { Asked } from "./read-asked.ts";
import { SqsError } from "./sqs-error.ts";

/** An operation with its parameters, before it is known who may do that. */
export interface Order {
  right: SqsOperation["right"];
  /** The queue that QueueUrl names. */
  named: NamedQueue | undefined;
  /** For the audit log. */
  target: string;
  run(call: Omit<SqsCall, "input" | "ref" | "look">): Promise<Record<string, unknown>>;
}

/** Throws UnknownOperationException and InvalidAddress. */
export function ordered({ operation: name, members }: Asked): Order {
  const operation = operations.get(name);
  if (operation === undefined)
    throw new SqsError("UnknownOperationException", `The action ${name.slice(0, 100)} is not valid for this endpoint.`);
  const { right } = operation;
  const input = new Input(members);
  const url = input.text("QueueUrl");
  const named = url === undefined ? undefined : readQueueUrl(url);
  return {
    right,
    named,
    target: named?.name ?? input.text("QueueName") ?? "",
    run(call) {
      const ref = () => {
        if (named === undefined)
          throw new SqsError("MissingRequiredParameterException", "The request must contain the parameter QueueUrl.");
        // What a queue is belongs to its app alone; with whom it is shared, those may use it.
        return { tenant: call.account.tenant, name: named.name, apps: call.principal.apps, withShared: right !== "deploy" };
      };
      return operation.handle({ ...call, input, ref, look: () => call.queues.look(ref()) });
    },
  };
}
