/** What an operation of SQS is, and what it gets of a request. */
import type { Account } from "../../control/lambda/names.ts";
import type { Queue, QueueRef } from "../../services/queues/queue.ts";
import type { Queues } from "../../services/queues/queues.ts";
import type { Principal } from "../../store/principals/principal.ts";
import type { Input } from "./input.ts";

export interface SqsCall {
  input: Input;
  isQuery: boolean;
  /** Whose queues the call is about. */
  account: Account;
  principal: Principal;
  /** The URL under which the client reached the server, without a trailing slash. */
  origin: string;
  /** The header X-Amzn-Trace-Id. */
  trace: string | undefined;
  /** Aborted when the client has left. Only what waits needs it. */
  left: () => AbortSignal;
  queues: Queues;
  /** The queue that QueueUrl names. */
  ref(): QueueRef;
  look(): Promise<Queue>;
}

export interface SqsOperation {
  /** What a principal must be allowed to do. */
  right: "read" | "deploy" | "invoke";
  /** The body of the answer. May reject with a SqsError or an error of the table. */
  handle(call: SqsCall): Promise<Record<string, unknown>>;
}

export function queueUrl({ origin, account }: Pick<SqsCall, "origin" | "account">, name: string): string {
  return `${origin}/${account.account}/${name}`;
}
