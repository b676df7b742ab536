/**
 * Errors of SQS in AWS's own names and words, which clients compare. Each has two names: that of the JSON protocol and, for programs of the older query protocol, another
 * one, which the JSON protocol sends along in a header.
 */
import { asMayflyError } from "../../base/errors/error.ts";
import { AwsError } from "../../control/lambda/aws-error.ts";

const OLD = "AWS.SimpleQueueService.";

/** By its name in the JSON protocol: the name in the query protocol, and the status if it is not 400. */
const shapes = {
  InvalidParameterValueException: { query: "InvalidParameterValue" },
  MissingRequiredParameterException: { query: "MissingParameter" },
  InvalidAttributeName: { query: "InvalidAttributeName" },
  InvalidAttributeValue: { query: "InvalidAttributeValue" },
  InvalidMessageContents: { query: "InvalidMessageContents" },
  InvalidAddress: { query: "InvalidAddress" },
  ReceiptHandleIsInvalid: { query: "ReceiptHandleIsInvalid" },
  OverLimit: { query: "OverLimit", status: 403 },
  QueueNameExists: { query: "QueueAlreadyExists" },
  QueueDoesNotExist: { query: `${OLD}NonExistentQueue` },
  PurgeQueueInProgress: { query: `${OLD}PurgeQueueInProgress`, status: 403 },
  TooManyEntriesInBatchRequest: { query: `${OLD}TooManyEntriesInBatchRequest` },
  EmptyBatchRequest: { query: `${OLD}EmptyBatchRequest` },
  BatchEntryIdsNotDistinct: { query: `${OLD}BatchEntryIdsNotDistinct` },
  BatchRequestTooLong: { query: `${OLD}BatchRequestTooLong` },
  InvalidBatchEntryId: { query: `${OLD}InvalidBatchEntryId` },
  UnsupportedOperation: { query: `${OLD}UnsupportedOperation` },
  ResourceNotFoundException: { query: "ResourceNotFoundException", status: 404 },
  RequestThrottled: { query: "RequestThrottled", status: 403 },
  SerializationException: { query: "MalformedInput" },
  UnknownOperationException: { query: "InvalidAction", status: 404 },
  AccessDeniedException: { query: "AccessDenied", status: 403 },
  MissingAuthenticationTokenException: { query: "MissingAuthenticationToken", status: 403 },
  IncompleteSignatureException: { query: "IncompleteSignature", status: 403 },
  UnrecognizedClientException: { query: "InvalidClientTokenId", status: 403 },
  InvalidSignatureException: { query: "SignatureDoesNotMatch", status: 403 },
  RequestEntityTooLargeException: { query: "RequestEntityTooLarge", status: 413 },
  InternalFailure: { query: "InternalFailure", status: 500 },
} as const satisfies Record<string, { query: string; status?: number }>;

export type SqsErrorName = keyof typeof shapes;

export class SqsError extends Error {
  override readonly name: SqsErrorName;
  readonly queryName: string;
  readonly status: number;

  constructor(name: SqsErrorName, message: string) {
    super(message);
    this.name = name;
    const shape: { query: string; status?: number } = shapes[name];
    this.queryName = shape.query;
    this.status = shape.status ?? 400;
  }
}

export function invalidParameter(message: string): SqsError {
  return new SqsError("InvalidParameterValueException", message);
}

export function missingParameter(name: string): SqsError {
  return new SqsError("MissingRequiredParameterException", `The request must contain the parameter ${name}.`);
}

/** @param isQuery the query protocol says it in other words */
export function noSuchQueue(isQuery: boolean): SqsError {
  return new SqsError("QueueDoesNotExist", `The specified queue does not exist${isQuery ? " for this wsdl version" : ""}.`);
}

/** What is the caller's fault is told in Mayfly's words where AWS has none; what is not, only in the server's own log. */
export function asSqsError(thrown: unknown, isQuery: boolean): SqsError {
  if (thrown instanceof SqsError) return thrown;
  if (thrown instanceof AwsError) return ofAws(thrown);
  const { code, entry, message, details } = asMayflyError(thrown);
  if (code === "no-such-queue") return noSuchQueue(isQuery);
  if (code === "purged-recently")
    return new SqsError("PurgeQueueInProgress", `Only one PurgeQueue operation on ${details["name"]} is allowed every 60 seconds.`);
  if (code === "dead-letters-refused") return invalidParameter(message);
  if (code === "move-under-way") return new SqsError("UnsupportedOperation", message);
  if (code === "no-such-move") return new SqsError("ResourceNotFoundException", message);
  if (code === "store-busy") return new SqsError("RequestThrottled", message);
  if (code.startsWith("too-many-")) return new SqsError("OverLimit", message);
  if (entry.side === "caller") return invalidParameter(message);
  return new SqsError("InternalFailure", message);
}

/** Of a body that was not read. */
function ofAws({ name, message }: AwsError): SqsError {
  if (name === "TooManyRequestsException") return new SqsError("RequestThrottled", message);
  return new SqsError(Object.hasOwn(shapes, name) ? (name as SqsErrorName) : "InternalFailure", message);
}
