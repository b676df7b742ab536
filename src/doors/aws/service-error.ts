/** Errors of AWS's services in their own names and words, which clients compare. They are no entries of Mayfly's table: AWS's documentation describes them. */
import { asMayflyError } from "../../base/errors/error.ts";
import { AwsError } from "../../control/lambda/aws-error.ts";

export class ServiceError extends Error {
  /** Such as ResourceNotFoundException. */
  readonly code: string;
  readonly status: number;

  constructor(code: string, message: string, status = 400) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

export function invalid(message: string): ServiceError {
  return new ServiceError("ValidationException", message);
}

/** What is the caller's fault is told in Mayfly's words where AWS has none; what is not, only in the server's own log. */
export function asServiceError(thrown: unknown): ServiceError {
  if (thrown instanceof ServiceError) return thrown;
  if (thrown instanceof AwsError) return new ServiceError(thrown.name, thrown.message, thrown.shape.status);
  const { code, entry, message } = asMayflyError(thrown);
  if (code === "store-busy" || entry.status === 429) return new ServiceError("ThrottlingException", message, 429);
  return entry.side === "caller" ? invalid(message) : new ServiceError("InternalException", message, 500);
}
