/**
 * Takes calls that are to be run later. To a door it is a dispatcher, which answers as soon as the call is on the disk: with the status 202 and the event's id. The call is
 * then run as an event, with the request as the caller sent it.
 */
import { MayflyError } from "../base/errors/error.ts";
import { guarded } from "../base/errors/guarded.ts";
import type { Dispatcher, InvocationHandle, InvocationReply, InvocationRequest } from "../dispatch/invocation.ts";
import type { Events } from "./events.ts";
import type { NewEvent } from "./event.ts";
import type { FunctionAbout } from "./function-performer.ts";
import { newId } from "./new-event-id.ts";
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
    const call = new AcceptedCall(this.#options, request, reply);
    if (request.body !== "stream") call.whole(request.body ?? Buffer.alloc(0));
    return call;
  }
}

class AcceptedCall implements InvocationHandle {
  readonly id = newId();
  readonly #options: AcceptingOptions;
  readonly #request: InvocationRequest;
  readonly #reply: InvocationReply;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #isOver = false;

  constructor(options: AcceptingOptions, request: InvocationRequest, reply: InvocationReply) {
    this.#options = options;
    this.#request = request;
    this.#reply = reply;
  }

  write(chunk: Buffer): boolean {
    if (this.#isOver) return true;
    this.#bytes += chunk.length;
    if (this.#bytes > this.#options.payloadBytes) this.#fail(new MayflyError("body-too-large", { limit: this.#options.payloadBytes }));
    else this.#chunks.push(Buffer.from(chunk));
    return true;
  }

  end(): void {
    this.whole(Buffer.concat(this.#chunks));
  }

  whole(payload: Buffer): void {
    if (this.#isOver) return;
    if (payload.length > this.#options.payloadBytes)
      return this.#fail(new MayflyError("body-too-large", { limit: this.#options.payloadBytes }));
    const failed = (error: unknown) => this.#fail(error);
    guarded(() => this.#accept(payload), failed)();
  }

  consumed(): void {}

  usedMb(): number {
    return 0;
  }

  /** What is accepted already stays so. */
  abort(): void {
    this.#isOver = true;
  }

  async #accept(payload: Buffer): Promise<void> {
    const { app, function: target, branch, trace, input } = this.#request;
    const { events, terms, now } = this.#options;
    if (input.kind === "upgrade") throw new MayflyError("bad-request", { what: "a connection cannot be opened later" });
    const wishes = input.kind === "http" ? wishesIn(input.headers, now()) : {};
    const about: FunctionAbout = { input, ...(branch !== undefined && { version: branch }) };
    const { id, isNew } = await events.accept({
      lane: { performer: "function", app, target },
      id: this.id,
      payload,
      about,
      source: { kind: "call" },
      trace,
      ...terms(app, target, branch),
      ...wishes,
    });
    if (this.#isOver) return;
    this.#isOver = true;
    const body = Buffer.from(`${JSON.stringify({ id, isNew })}\n`);
    this.#reply.head(202, [...JSON_REPLY, "preference-applied", "respond-async", "mayfly-event", id], body, true, NO_TIMING);
  }

  #fail(error: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { code, details } = error instanceof MayflyError ? error : new MayflyError("internal", { what: String(error) });
    this.#reply.fail(code, details);
  }
}

/** Nothing of it has run yet. */
const NO_TIMING = { queue: 0, start: 0, bind: 0, run: 0 };
