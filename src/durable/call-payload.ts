/** What a durable function is called with, and what its answer means: the protocol of AWS's SDKs for durable execution. */
import { executionArn } from "./arn.ts";
import type { ErrorObject } from "./operation.ts";
import { asText, showOperation } from "./show-operation.ts";
import type { Begun, Invoked } from "./store/run.ts";

/** As JSON. */
export function callPayload({ execution, page, updated }: Begun, token: string): string {
  const { about, version, name, id } = execution;
  return JSON.stringify({
    DurableExecutionArn: executionArn({ functionArn: about.functionArn, version, name, id }),
    CheckpointToken: token,
    InitialExecutionState: {
      Operations: page.operations.map((operation) => showOperation(operation, asText)),
      ...(page.next !== null && { NextMarker: markerOf(page.next) }),
    },
    ...(updated.length > 0 && { UpdatedOperationIds: updated }),
  });
}

/** A marker names the last operation of the page before. */
export function markerOf(next: number): string {
  return Buffer.from(String(next)).toString("base64");
}

/** Undefined if it is no marker. */
export function readMarker(text: string): number | undefined {
  const number = Number(Buffer.from(text, "base64").toString());
  return Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}

/** What the function replied, if it has not failed. */
export function outcomeOf(reply: Buffer): Invoked {
  const answer = parsed(reply);
  switch (answer?.Status) {
    case "PENDING":
      return { kind: "pending" };
    case "SUCCEEDED":
      return { kind: "ended", end: { status: "SUCCEEDED", result: typeof answer.Result === "string" ? answer.Result : undefined } };
    case "FAILED":
      return { kind: "ended", end: { status: "FAILED", error: errorIn(answer.Error) } };
    default:
      return {
        kind: "ended",
        end: {
          status: "FAILED",
          error: {
            ErrorType: "InvalidParameterValueException",
            ErrorMessage: "The function's reply has no status of a durable execution: is its handler one of the SDK?",
          },
        },
      };
  }
}

function parsed(reply: Buffer): { Status?: unknown; Result?: unknown; Error?: unknown } | null {
  try {
    const value = JSON.parse(reply.toString()) as unknown;
    return typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}

/** Of what somebody sent, the members that an error has. */
export function errorIn(value: unknown): ErrorObject {
  if (typeof value !== "object" || value === null) return {};
  const { ErrorMessage, ErrorType, ErrorData, StackTrace } = value as Record<string, unknown>;
  return {
    ...(typeof ErrorMessage === "string" && { ErrorMessage }),
    ...(typeof ErrorType === "string" && { ErrorType }),
    ...(typeof ErrorData === "string" && { ErrorData }),
    ...(Array.isArray(StackTrace) && { StackTrace: StackTrace.map(String) }),
  };
}
