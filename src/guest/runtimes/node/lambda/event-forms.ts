/** The forms of the event that this agent makes of HTTP calls. */
import type { RequestHead } from "../../../agent/invocation/request-head.ts";
import { lambdaEvent } from "./event.ts";
import { lambdaEventV1 } from "./event-v1.ts";

/** @returns undefined if the head asks for a form that only later agents know */
export function eventMakerOf({ event }: RequestHead): ((head: RequestHead, app: string, body: Buffer) => object) | undefined {
  return event === "http-v2" ? lambdaEvent : event === "http-v1" ? lambdaEventV1 : undefined;
}
