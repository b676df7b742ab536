/**
 * The calls of a server that apps are developed on (`mayfly dev`): each is shown when it ends, the last ones are kept with what they were sent, so that
 * they can be replayed, and calls of an app can be held while its new code is being deployed. It stands between the doors and the dispatcher.
 *
 * Owns: the kept calls, the held calls, who is told of calls that have ended.
 * 1. Each call is handed on exactly once, in the order of arrival, unless its caller goes away first.
 * 2. A call is handed on in a later turn of the event loop than the one in which it came. So whoever watches files in this process has been told of all that was saved before the
 *    call was made, and may have called hold().
 * 3. No app is held for longer than MOST_HOLD_MS after the last hold(), and at most MOST_HELD calls are held: those that come then run at once.
 * 4. At most MOST_KEPT calls are kept, the newest, with at most KEPT_BYTES of bodies together.
 */
import type { Clock } from "../base/clock/clock.ts";
import { MayflyError } from "../base/errors/error.ts";
import type { Dispatcher, InvocationHandle, InvocationReply, InvocationRequest } from "../dispatch/invocation.ts";
import type { EventStream } from "../telemetry/event-stream.ts";
import { type EndedCall, endedCall } from "./ended-call.ts";
import { HeldCall } from "./held-call.ts";
import { KeptBody, type KeptCall } from "./kept-call.ts";
import { collectReply, type Replayed } from "./collect-reply.ts";

const MOST_HOLD_MS = 60_000;
const MOST_HELD = 1_000;
const MOST_KEPT = 500;
const KEPT_BYTES = 33_554_432;

export interface RecentCallsOptions {
  dispatcher: Dispatcher;
  events: Pick<EventStream, "listen">;
  clock: Clock;
  /** What the ids of calls begin with. No other server of the state folder has had it. */
  bootId: string;
}

type Listener = (call: EndedCall) => void;

export class RecentCalls implements Dispatcher {
  readonly #options: RecentCallsOptions;
  readonly #kept = new Map<string, KeptCall>();
  #keptBytes = 0;
  readonly #holds = new Map<string, { calls: HeldCall[]; cancel: () => void }>();
  #heldCalls = 0;
  #last = 0;
  readonly #listeners = new Map<string, Set<Listener>>();

  constructor(options: RecentCallsOptions) {
    this.#options = options;
    options.events.listen({ "invocation-ended": (event) => this.#ended(endedCall(event, this.#kept.get(event.invocation)?.request)) });
  }

  dispatch(request: InvocationRequest, reply: InvocationReply): InvocationHandle {
    const body = new KeptBody(request.body);
    const at = this.#options.clock.wall();
    const handle = this.#later(request, reply);
    this.#keep({ id: handle.id, at, request, body, ended: undefined });
    return body.around(handle);
  }

  /** Calls of the app that come from now on wait until release(), or for so many milliseconds. */
  hold(app: string, ms: number): void {
    const calls = this.#holds.get(app)?.calls ?? [];
    this.#holds.get(app)?.cancel();
    this.#holds.set(app, { calls, cancel: this.#options.clock.after(Math.min(ms, MOST_HOLD_MS), () => this.release(app)) });
  }

  /** Runs what was held. */
  release(app: string): void {
    const hold = this.#holds.get(app);
    if (hold === undefined) return;
    hold.cancel();
    this.#holds.delete(app);
    this.#heldCalls -= hold.calls.length;
    for (const call of hold.calls) call.release();
  }

  #holdOrRelease(app: string, call: HeldCall): void {
    const hold = this.#holds.get(app);
    if (hold === undefined || this.#heldCalls >= MOST_HELD) return call.release();
    this.#heldCalls += 1;
    hold.calls.push(call);
  }

  /** Runs all that is held. */
  close(): void {
    for (const app of this.#holds.keys()) this.release(app);
  }

  /** The app's calls that are kept, the newest first. */
  of(app: string): EndedCall[] {
    const own = this.#kept.values().filter(({ request, ended }) => request.app === app && ended !== undefined);
    return [...own].toReversed().map(({ ended }) => ended!);
  }

  /** Calls back with each call of the app that ends from now on. Returns a function that stops it. */
  follow(app: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(app) ?? new Set();
    this.#listeners.set(app, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(app) === listeners) this.#listeners.delete(app);
    };
  }

  /** Calls the function again with what the call was sent. Rejects with "no-such-call", and with what the function fails with. */
  async replay(app: string, invocation: string): Promise<Replayed> {
    const { request, body } = this.#replayable(app, invocation);
    const { id: _, startMs: __, ...same } = request;
    return collectReply((reply) => this.dispatch({ ...same, attempt: 1, body: body.whole() }, reply));
  }

  #replayable(app: string, invocation: string): KeptCall {
    const refuse = (what: string) => new MayflyError("no-such-call", { invocation, what });
    const call = this.#kept.get(invocation);
    if (call === undefined || call.request.app !== app)
      throw refuse("it is not among the last calls, which are kept while the server runs");
    if (call.request.input.kind === "upgrade")
      throw refuse("it is a connection that went on with another protocol, which cannot be repeated");
    if (!call.body.isWhole) throw refuse("its body was too large to be kept, or did not arrive completely");
    return call;
  }

  #later(request: InvocationRequest, reply: InvocationReply): InvocationHandle {
    const id = request.id ?? `${this.#options.bootId}-${(++this.#last).toString(36)}`;
    const call = new HeldCall(id, () => this.#options.dispatcher.dispatch({ ...request, id }, reply), reply);
    // A call within an app is part of one that runs already.
    const go = () => (request.withinApp === true ? call.release() : this.#holdOrRelease(request.app, call));
    // The dispatcher and the reply are the server's own, and do not throw.
    // oxlint-disable-next-line mayfly/guarded-listeners
    setImmediate(go);
    return call;
  }

  #keep(call: KeptCall): void {
    // An event that is tried again has the id of its first attempt.
    this.#forget(call.id);
    this.#kept.set(call.id, call);
    call.body.onGrown = (bytes) => {
      if (this.#kept.get(call.id) === call) this.#makeRoom(bytes);
    };
    this.#makeRoom(call.body.bytes);
  }

  #makeRoom(bytes: number): void {
    this.#keptBytes += bytes;
    for (const id of this.#kept.keys()) {
      if (this.#kept.size <= MOST_KEPT && this.#keptBytes <= KEPT_BYTES) return;
      this.#forget(id);
    }
  }

  #forget(id: string): void {
    this.#keptBytes -= this.#kept.get(id)?.body.bytes ?? 0;
    this.#kept.delete(id);
  }

  #ended(call: EndedCall): void {
    const kept = this.#kept.get(call.invocation);
    if (kept !== undefined) kept.ended = call;
    for (const listener of this.#listeners.get(call.app) ?? []) listener(call);
  }
}
