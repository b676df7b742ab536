/**
 * Errors of the Lambda API in AWS's own names and words, which clients compare. They are no entries of Mayfly's table: AWS's documentation describes them.
 */
export interface AwsErrorShape {
  status: number;
  /** Which key of the body has the text. AWS's own service writes it in different ways. */
  text: "Message" | "message";
  /** Whether the body says whose fault it is. */
  type?: "User" | "Service";
}

const shapes = {
  ResourceNotFoundException: { status: 404, text: "Message", type: "User" },
  ResourceConflictException: { status: 409, text: "message", type: "User" },
  InvalidParameterValueException: { status: 400, text: "message", type: "User" },
  PreconditionFailedException: { status: 412, text: "message", type: "User" },
  ValidationException: { status: 400, text: "message" },
  SerializationException: { status: 400, text: "Message", type: "User" },
  InvalidRequestContentException: { status: 400, text: "message", type: "User" },
  InvalidZipFileException: { status: 502, text: "Message", type: "User" },
  UnsupportedMediaTypeException: { status: 415, text: "message", type: "User" },
  ProvisionedConcurrencyConfigNotFoundException: { status: 404, text: "message", type: "User" },
  CodeSigningConfigNotFoundException: { status: 404, text: "Message", type: "User" },
  CodeVerificationFailedException: { status: 400, text: "Message", type: "User" },
  CodeStorageExceededException: { status: 400, text: "message", type: "User" },
  PolicyLengthExceededException: { status: 400, text: "message", type: "User" },
  AccessDeniedException: { status: 403, text: "Message" },
  MissingAuthenticationTokenException: { status: 403, text: "message" },
  IncompleteSignatureException: { status: 403, text: "message" },
  UnrecognizedClientException: { status: 403, text: "message" },
  InvalidSignatureException: { status: 403, text: "message" },
  UnknownOperationException: { status: 404, text: "message" },
  RequestEntityTooLargeException: { status: 413, text: "message" },
  RecursiveInvocationException: { status: 400, text: "Message", type: "User" },
  RequestTooLargeException: { status: 413, text: "message", type: "User" },
  DurableExecutionAlreadyStartedException: { status: 409, text: "Message", type: "User" },
  CallbackTimeoutException: { status: 400, text: "Message", type: "User" },
  TooManyRequestsException: { status: 429, text: "message", type: "User" },
  ServiceException: { status: 500, text: "Message", type: "Service" },
} as const satisfies Record<string, AwsErrorShape>;

export type AwsErrorName = keyof typeof shapes;

export class AwsError extends Error {
  override readonly name: AwsErrorName;
  readonly shape: AwsErrorShape;
  /** Further keys of the body. */
  readonly more: Readonly<Record<string, unknown>>;
  /** The text as clients get it; null where AWS's own service gives none. */
  readonly text: string | null;

  constructor(name: AwsErrorName, text: string | null, more: Readonly<Record<string, unknown>> = {}, shape: AwsErrorShape = shapes[name]) {
    super(text ?? name);
    this.name = name;
    this.text = text;
    this.more = more;
    this.shape = shape;
  }

  body(): Record<string, unknown> {
    const { type, text } = this.shape;
    return { ...(type !== undefined && { Type: type }), [text]: this.text, ...this.more };
  }
}

export function notFound(text: string): AwsError {
  return new AwsError("ResourceNotFoundException", text);
}

export function invalidValue(text: string): AwsError {
  return new AwsError("InvalidParameterValueException", text);
}

/** As invalidValue(), in the form in which some of AWS's checks answer, which do not say whose fault it is. */
export function invalidValueUntyped(text: string): AwsError {
  return new AwsError("InvalidParameterValueException", text, {}, { status: 400, text: "message" });
}

export function conflict(text: string): AwsError {
  return new AwsError("ResourceConflictException", text);
}

/** @param call the call that tells the right id */
export function wrongRevision(call = "GetFunction/GetAlias"): AwsError {
  const text = `The Revision Id provided does not match the latest Revision Id. Call the ${call} API to retrieve the latest Revision Id`;
  return new AwsError("PreconditionFailedException", text);
}

export function noSuchResource(): AwsError {
  return notFound("The resource you requested does not exist.");
}
