/** Tasks that move messages, mostly dead letters, to another queue. */
import type { MoveTask, QueueRef } from "../../../services/queues/queue.ts";
import type { SqsCall, SqsOperation } from "../call.ts";
import { queueArn, readQueueArn } from "../../../control/lambda/queue-arns.ts";
import { invalidParameter, SqsError } from "../sqs-error.ts";

export const moveOperations: Readonly<Record<string, SqsOperation>> = {
  StartMessageMoveTask: {
    right: "deploy",
    async handle(call) {
      const perSecond = call.input.integer("MaxNumberOfMessagesPerSecond") ?? null;
      if (perSecond !== null && (perSecond < 1 || perSecond > 500))
        throw invalidParameter(
          `Value ${perSecond} for parameter MaxNumberOfMessagesPerSecond is invalid. Reason: You must enter a number between 1 and 500.`,
        );
      const source = refOf(call, "SourceArn", call.input.needed("SourceArn"));
      const to = call.input.text("DestinationArn");
      const task = await call.queues.moves.start(source, to === undefined ? null : refOf(call, "DestinationArn", to).name, perSecond);
      return { TaskHandle: task.id };
    },
  },
  ListMessageMoveTasks: {
    right: "read",
    async handle(call) {
      const most = call.input.integer("MaxResults") ?? 1;
      if (most < 1 || most > 10)
        throw invalidParameter(
          `Value ${most} for parameter MaxResults is invalid. Reason: Value for parameter MaxResults is invalid. You must enter a number between 1 and 10.`,
        );
      const tasks = await call.queues.moves.list(refOf(call, "SourceArn", call.input.needed("SourceArn")), most);
      return { Results: tasks.map((task) => shown(call, task)) };
    },
  },
  CancelMessageMoveTask: {
    right: "deploy",
    async handle(call) {
      const { moved } = await call.queues.moves.cancel(call.account.tenant, call.input.needed("TaskHandle"));
      return { ApproximateNumberOfMessagesMoved: moved };
    },
  },
};

function refOf({ account, principal }: SqsCall, parameter: string, arn: string): QueueRef {
  const named = readQueueArn(arn);
  if (named === undefined)
    throw invalidParameter(
      `You must use this format to specify the ${parameter}: arn:<partition>:<service>:<region>:<account-id>:<resource-id>`,
    );
  if (named.account !== account.account)
    throw new SqsError("ResourceNotFoundException", `The resource that you specified for the ${parameter} parameter doesn't exist.`);
  return { tenant: account.tenant, name: named.name, apps: principal.apps };
}

function shown({ account }: SqsCall, task: MoveTask): Record<string, unknown> {
  const { id, from, to, perSecond, state, moved, total, startedAt, why } = task;
  return {
    // AWS gives the handle only as long as the task can be cancelled with it.
    ...(state === "running" && { TaskHandle: id }),
    Status: state.toUpperCase(),
    SourceArn: queueArn(account, from),
    ...(to !== null && { DestinationArn: queueArn(account, to) }),
    ...(perSecond !== null && { MaxNumberOfMessagesPerSecond: perSecond }),
    ApproximateNumberOfMessagesMoved: moved,
    ApproximateNumberOfMessagesToMove: total,
    ...(why !== null && { FailureReason: why }),
    StartedTimestamp: startedAt,
  };
}
