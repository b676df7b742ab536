/** What a route of the Lambda API is, and what it gets of a request. */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import type { Account } from "../../control/lambda/names.ts";
import type { Principal } from "../../store/principals/principal.ts";

export interface LambdaCall {
  /** The id in x-amzn-RequestId. */
  id: string;
  operation: string;
  /** The parts of the path that the route names, decoded. */
  params: Readonly<Record<string, string>>;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  body: Buffer;
  /** Whose functions the call is about. */
  account: Account;
  principal: Principal;
  request: IncomingMessage;
  /** Only for a route that answers by itself. */
  response: ServerResponse;
}

export interface LambdaAnswer {
  status: number;
  headers?: Readonly<Record<string, string>>;
  /** Sent as JSON, unless it is bytes. Left out: no body. */
  body?: object | Uint8Array;
}

export interface LambdaRoute {
  /** AWS's name of the operation, such as GetFunction. */
  operation: string;
  method: "GET" | "POST" | "PUT" | "DELETE" | "PATCH";
  /** For example "/2015-03-31/functions/{FunctionName}"; after `?`, a parameter and the value that it must have. */
  path: string;
  /** What a principal must be allowed to do; asked of the app that the parameter FunctionName names, or else of the tenant. */
  right: "read" | "deploy" | "invoke" | "set-limits";
  /** The most bytes of a body. Default: SMALL_BODY. */
  mostBytes?: number;
  /** Answers null if it has answered by itself. May throw an AwsError. */
  handle(call: LambdaCall): LambdaAnswer | null | Promise<LambdaAnswer | null>;
}

export const SMALL_BODY = 1_048_576;
