/** Sends what fetch() returned: small bodies in one frame, streams as fast as the host takes them. */
import type { Failures } from "../../../agent/invocation/failures.ts";
import type { Invocation } from "../../../agent/invocation/invocation.ts";
import { describe } from "../../../agent/log/describe.ts";
import { LightResponse } from "../web/light-response.ts";
import { NativeResponse } from "../web/native.ts";
import { isForeignResponse, sendForeign } from "./foreign-response.ts";
import { sendStream } from "./send-stream.ts";

export function sendResponse(invocation: Invocation, value: unknown, failures: Failures): void {
  if (typeof value !== "object" || value === null) return failures.badResponse(invocation, describe(value));
  if (!LightResponse.isLight(value)) {
    if (isNative(value)) sendNative(invocation, value, nativeHeaders(value), failures);
    else if (isForeignResponse(value)) sendForeign(invocation, value, failures);
    else failures.badResponse(invocation, describe(value));
    return;
  }
  const { status, headers, source, native } = LightResponse.take(value);
  if (native !== null) sendNative(invocation, native, headers, failures, status);
  else if (source === undefined) failures.badResponse(invocation, "a Response whose body was used already");
  else invocation.reply(status, headers, source);
}

/** Whether it is Node's own Response. A private member decides, because other classes may have its prototype in their chain. */
function isNative(value: object): value is Response {
  try {
    Reflect.apply(statusOf, value as Response, []);
    return true;
  } catch {
    // "Illegal invocation" means that it is of another class.
    return false;
  }
}

const { get: statusOf } = Object.getOwnPropertyDescriptor(NativeResponse.prototype, "status") as { get: (this: Response) => number };

function sendNative(invocation: Invocation, response: Response, headers: string[], failures: Failures, status = response.status): void {
  if (response.bodyUsed) failures.badResponse(invocation, "a Response whose body was used already");
  else if (response.body?.locked === true) failures.badResponse(invocation, "a Response whose body is locked to a reader");
  else if (response.body === null) invocation.reply(status, headers, null);
  else sendStream(invocation, status, headers, response.body, failures);
}

/**
 * Headers about encoding and length are dropped from a response that fetch() got: its body has been decoded, while they describe the bytes
 * that crossed the network.
 */
function nativeHeaders({ headers, type }: Response): string[] {
  if (type === "default" || !headers.has("content-encoding")) return pairs(headers);
  return [...headers].filter(([name]) => name !== "content-encoding" && name !== "content-length").flat();
}

function pairs(headers: Iterable<[string, string]>): string[] {
  return [...headers].flat();
}
