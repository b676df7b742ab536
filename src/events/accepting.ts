/**
 * Takes calls that are to be run later. To a door it is a dispatcher, which answers as soon as the call is on the disk: with the status 202 and the event's id. The call is
 * then run as an event, with the request as the caller sent it.
 */
import { MayflyError } from "../base/errors/error.ts";
import type { Dispatcher, InvocationHandle, InvocationReply, InvocationRequest } from "../dispatch/invocation.ts";
import type { Events } from "./events.ts";
import type { NewEvent } from "./event.ts";
import type { FunctionAbout } from "./function-performer.ts";
import { type WholeAnswer, WholeCall } from "./whole-call.ts";
import { wishesIn } from "./wishes.ts";

/** What becomes of an event. */
export type Terms = Pick<NewEvent, "retry" | "onSuccess" | "onFailure">;

export interface AcceptingOptions {
  events: Pick<Events, "accept">;
  /** What the app's manifest says of the function. Throws an error of the table. */
  terms: (app: string, name: string, version: string | undefined) => Terms;
  /** Of a body, the most bytes. */
  payloadBytes: number;
  /** Wall clock, ms. */
  now: () => number;
}

const JSON_REPLY = ["content-type", "application/json"];

export class AcceptingDispatcher implements Dispatcher {
  readonly #options: AcceptingOptions;

  constructor(options: AcceptingOptions) {
    this.#options = options;
  }

  dispatch(request: InvocationRequest, reply: InvocationReply): InvocationHandle {
    const call: WholeCall = new WholeCall(this.#options.payloadBytes, reply, (payload) => this.#accept(request, call.id, payload));
    return call.begin(request);
  }

  async #accept({ app, function: target, branch, trace, input }: InvocationRequest, callId: string, payload: Buffer): Promise<WholeAnswer> {
    const { events, terms, now } = this.#options;
    if (input.kind === "upgrade") throw new MayflyError("bad-request", { what: "a connection cannot be opened later" });
    const wishes = input.kind === "http" ? wishesIn(input.headers, now()) : {};
    const about: FunctionAbout = { input, ...(branch !== undefined && { version: branch }) };
    const { id, isNew } = await events.accept({
      lane: { performer: "function", app, target },
      id: callId,
      payload,
      about,
      source: { kind: "call" },
      trace,
      ...terms(app, target, branch),
      ...wishes,
    });
    const body = Buffer.from(`${JSON.stringify({ id, isNew })}\n`);
    return { status: 202, headers: [...JSON_REPLY, "preference-applied", "respond-async", "mayfly-event", id], body };
  }
}
