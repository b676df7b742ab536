/** Executions and their events as the Lambda API shows them. */
import type { DetailedExecution, NumberedEvent, ShownExecution } from "../../../durable/store/look.ts";
import { executionArn } from "../../../durable/arn.ts";
import { withoutData, withTimes } from "../../../durable/history-event.ts";
import { inSeconds } from "../../../durable/show-operation.ts";

export function executionListed({ about, version, name, id, status, startedAt, endedAt }: ShownExecution): object {
  const { functionArn } = about;
  return {
    DurableExecutionArn: executionArn({ functionArn, version, name, id }),
    DurableExecutionName: name,
    FunctionArn: `${functionArn}:${version}`,
    Status: status,
    StartTimestamp: inSeconds(startedAt),
    ...(endedAt !== null && { EndTimestamp: inSeconds(endedAt) }),
  };
}

export function executionShown(execution: DetailedExecution, isWhole: boolean): object {
  const { input, result, error, version, about } = execution;
  const { executionTimeoutS: ExecutionTimeout, retentionDays: RetentionPeriodInDays, traceId } = about;
  return {
    ...executionListed(execution),
    Version: version,
    ExecutionDataIncluded: isWhole,
    DurableConfig: { ExecutionTimeout, RetentionPeriodInDays },
    ...(traceId !== undefined && { TraceHeader: { XAmznTraceId: traceId } }),
    ...(isWhole && input !== undefined && { InputPayload: input }),
    ...(isWhole && result !== undefined && { Result: result }),
    ...(isWhole && error !== undefined && { Error: error }),
  };
}

export function eventShown({ number, at, type, of, details }: NumberedEvent, isWhole: boolean): object {
  const { id, parent, name, subType } = of ?? {};
  return {
    EventType: type,
    EventId: number,
    EventTimestamp: inSeconds(at),
    ...(subType !== undefined && { SubType: subType }),
    ...(id !== undefined && { Id: id }),
    ...(name !== undefined && { Name: name }),
    ...(parent != null && { ParentId: parent }),
    [`${type}Details`]: withTimes(isWhole ? details : withoutData(details), inSeconds),
  };
}
