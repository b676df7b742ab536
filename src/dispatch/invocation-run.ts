/**
 * One invocation, between its caller (who holds it as an InvocationHandle) and the guest (whose stream calls GuestSide).
 *
 * 1. `#reply` is set until the caller has been told the end, or went away.
 * 2. The state moves waiting → running → over, and from running back to waiting only if nothing of the invocation was sent.
 * 3. `finished` is called once, when the slot is free: the guest closed the stream, or was given up.
 *
 * The file is long because caller, guest and dispatcher may each call it at any moment, and what each may do depends on the same few
 * private fields.
 */
import { soon } from "../base/clock/soon.ts";
import type { ErrorDetails } from "../base/errors/error.ts";
import { MayflyError } from "../base/errors/error.ts";
import type { ErrorCode } from "../base/errors/table.ts";
import type { Fleet } from "../fleet/fleet.ts";
import type { RequestStream, RequestSink } from "../wire/host-end.ts";
import { SWITCHING } from "../wire/head.ts";
import { INITIAL_CREDIT, type LogLevel, ResetCode } from "../wire/protocol.ts";
import type { InvocationHandle, InvocationReply, InvocationRequest } from "./invocation.ts";
import { revisionOf } from "./live-revisions.ts";
import type { MachineRecord } from "./machine-record.ts";
import { RequestBody } from "./request-body.ts";
import { failureOf } from "./reset-failure.ts";
import { timingOf } from "./timing.ts";
import type { InvocationEnded, InvocationTiming } from "../telemetry/platform-event.ts";
import type { OwnTrace } from "../telemetry/traces/tracing.ts";
import type { TraceContext } from "../wire/host-end.ts";

/** What an invocation calls on the dispatcher. */
export interface InvocationOwner {
  /** @param at when its slot became free */
  finished(invocation: Invocation, at: number): void;
  abandoned(invocation: Invocation): void;
  /** The invocation's deadline is another one from now on. */
  rescheduled(invocation: Invocation): void;
  /** Called once, when the caller knows the outcome and the invocation no longer holds a slot. */
  ended(invocation: Invocation): void;
  now(): number;
  /** Memory of the machine in MB, as it was read last. */
  usedMb(machine: MachineRecord): number;
}

const WAITING = 0;
const RUNNING = 1;
const OVER = 2;

export class Invocation implements InvocationHandle {
  readonly number: number;
  readonly id: string;
  readonly app: string;
  readonly appName: string;
  readonly function: string;
  readonly branch: string | undefined;
  readonly key: string | undefined;
  readonly tenantKey: string | undefined;
  readonly timeoutMs: number;
  /** What its function gets: with the id of the invocation's own span, if that is recorded. */
  readonly trace: TraceContext;
  /** Whether its machine gets no further invocations if its time runs out. */
  readonly endsMachine: boolean;
  deadline: number;
  /** Whether its time is up; the caller has been told so. */
  overdue = false;
  /** The milliseconds that the guest has to end it when its time is up. */
  graceMs = 0;
  /** Whether it is a connection that goes on with another protocol, and why that connection ends at the deadline. */
  connection: { endsBecause: ErrorCode; details: ErrorDetails } | null = null;
  /** The id of the part of a revision that the invocation waits for. If that revision is superseded meanwhile, its successor may run the invocation. */
  part = "";
  machine: MachineRecord | null = null;
  streamNumber = 0;
  readonly #owner: InvocationOwner;
  readonly #arrivedAt: number;
  readonly #recorded: Pick<NonNullable<InvocationEnded["recorded"]>, "parentSpan" | "method" | "links"> | null;
  readonly #kind: InvocationEnded["kind"];
  readonly #attempt: number;
  readonly #source: InvocationEnded["source"];
  #request: InvocationRequest | null;
  #reply: InvocationReply | null;
  /** Only for a body that streams. */
  #body: RequestBody | null;
  #state = WAITING;
  #stream: RequestStream | undefined;
  #sentAt = 0;
  #wasSent = false;
  // The fields from here on are for the event at the invocation's end.
  #outcome: InvocationEnded["outcome"] = "replied";
  #details: ErrorDetails | null = null;
  #status = 0;
  /** The spans until the reply's head; null before. */
  #timing: InvocationTiming | null = null;
  #left = false;
  #leftAt = 0;
  #requestBytes: number;
  #replyBytes = 0;

  constructor(
    owner: InvocationOwner,
    number: number,
    id: string,
    request: InvocationRequest,
    reply: InvocationReply,
    now: number,
    own?: OwnTrace,
  ) {
    this.#owner = owner;
    this.number = number;
    this.id = id;
    this.app = request.app;
    this.appName = request.appName;
    this.function = request.function;
    this.branch = request.branch;
    this.key = request.key;
    this.tenantKey = request.tenantKey;
    this.timeoutMs = request.timeoutMs;
    this.trace = own ?? request.trace;
    this.#recorded = own?.isRecorded === true ? recordedOf(request, own) : null;
    this.endsMachine = request.endsMachine === true;
    this.#arrivedAt = now;
    this.deadline = waitsUntil(now, request);
    this.#request = request;
    this.#kind = request.input.kind;
    this.#attempt = request.attempt;
    this.#source = request.source === undefined ? null : Object.freeze({ ...request.source });
    this.#reply = reply;
    this.#body = request.body === "stream" ? new RequestBody(INITIAL_CREDIT) : null;
    this.#requestBytes = request.body === null || request.body === "stream" ? 0 : request.body.length;
  }

  get waits(): boolean {
    return this.#state === WAITING;
  }

  /** Milliseconds since the invocation was sent to its machine; undefined if nothing of it was sent. */
  get sentFor(): number | undefined {
    return this.#isSent ? this.#owner.now() - this.#sentAt : undefined;
  }

  get #isSent(): boolean {
    return this.#wasSent || this.#stream?.sent === true;
  }

  // The dispatcher calls what follows.

  /** Sends the invocation to a machine. If the machine is dying, nothing is sent, and the machine's end returns the invocation to the queue. */
  begin(fleet: Fleet, machine: MachineRecord, now: number): void {
    const request = this.#request as InvocationRequest;
    this.#state = RUNNING;
    this.machine = machine;
    this.#sentAt = now;
    if (request.startMs !== undefined) this.deadline = now + this.timeoutMs;
    const remainingMs = Math.max(1, Math.ceil(this.deadline - now));
    const { attempt, input } = request;
    const { trace } = this;
    const head = { id: this.id, function: this.function, remainingMs, attempt, revision: machine.revision as string, trace, input };
    const body = this.#body === null ? (request.body as Buffer | null) : this.#body.held();
    try {
      const trailers = this.#body?.trailers ?? [];
      const isWhole = (this.#body?.ended ?? true) && trailers.length === 0;
      this.#stream = fleet.request(machine.id, head, body, isWhole, new GuestSide(this));
      if (trailers.length > 0) this.#stream?.end(trailers);
    } catch (error) {
      return this.#notSent(error);
    }
    if (this.#stream === undefined) return;
    this.streamNumber = this.#stream.stream;
    machine.remember(this);
    if (this.#body?.full === true) this.#reply?.drain();
  }

  /** Undoes begin() and returns true, if nothing was sent and the caller still waits. */
  returnToQueue(): boolean {
    if (this.#reply === null || this.#stream?.sent === true) return false;
    if (this.machine !== null) this.machine.inFlight--;
    this.machine = null;
    this.#stream = undefined;
    this.streamNumber = 0;
    this.deadline = waitsUntil(this.#arrivedAt, this.#request as InvocationRequest);
    this.#state = WAITING;
    return true;
  }

  /**
   * The invocation's time is up: the caller is told at once, and the guest has `graceMs` to end. @param noMachine details on why no
   * machine ran it; called only if none did
   */
  timeOut(now: number, graceMs: number, noMachine: () => ErrorDetails): void {
    this.overdue = true;
    this.graceMs = graceMs;
    this.deadline = now + graceMs;
    if (this.#stream === undefined) return void this.#tellFailure("queue-timeout", noMachine());
    this.#stream.reset(ResetCode.Timeout, `the invocation's ${this.timeoutMs} ms are over`);
    this.#tellFailure("function-timeout", { function: this.function, app: this.appName, ms: this.timeoutMs });
  }

  /** The time of a connection is up: its caller is told why, and the guest has `graceMs` to end. */
  closeConnection(now: number, graceMs: number): void {
    const { endsBecause, details } = this.connection!;
    this.overdue = true;
    this.graceMs = graceMs;
    this.deadline = now + graceMs;
    this.#stream?.reset(ResetCode.Cancelled, "the connection was closed");
    // It is no failure of the invocation, so its outcome stays as it is.
    const reply = this.#reply;
    this.#reply = null;
    reply?.fail(endsBecause, { function: this.function, app: this.appName, ...details });
    this.#tellEnd();
  }

  /** The connection is to end at that time, unless it ends before. */
  endConnectionAt(at: number, endsBecause: ErrorCode): void {
    if (this.connection === null || at >= this.deadline) return;
    this.connection = { endsBecause, details: {} };
    this.deadline = at;
    this.#owner.rescheduled(this);
  }

  /** The reason, as a clause, for which the machine is killed if it does not answer a ping. */
  blocked(): string {
    const seconds = Math.round((this.#owner.now() - this.#sentAt) / 100) / 10;
    return `unresponsive: function ${this.function} has blocked the event loop for ${seconds} s`;
  }

  /** Ends the invocation; whatever its stream reports from now on is ignored. */
  release(): void {
    this.#state = OVER;
    this.#letGo();
  }

  /** Ends the invocation for this reason, and tells the caller if nothing was told yet. Returns whether the caller was told now. */
  fail(code: ErrorCode, details: ErrorDetails): boolean {
    this.release();
    return this.#tellFailure(code, details);
  }

  /** Called once, when the invocation neither waits for a slot nor holds one. Its end is reported when its caller knows the outcome as well. */
  leave(now: number): void {
    this.#left = true;
    this.#leftAt = now;
    this.#tellEnd();
  }

  /** The event that reports the invocation's end, frozen. Must be called only after the end. */
  endedEvent(at: number, appGone: boolean): InvocationEnded {
    const { id: invocation, app, function: name, machine } = this;
    return Object.freeze({
      type: "invocation-ended",
      at,
      invocation,
      app,
      function: name,
      branch: this.branch ?? null,
      machine: machine?.name ?? null,
      appGone,
      revision: machine?.revision ?? revisionOf(this.part),
      memoryMb: machine?.memoryMb ?? 0,
      outcome: this.#outcome,
      details: this.#details && Object.freeze({ ...this.#details }),
      status: this.#status,
      spans: Object.freeze(this.#spans(machine)),
      slotMs: this.#isSent ? this.#leftAt - this.#sentAt : null,
      requestBytes: this.#requestBytes,
      replyBytes: this.#replyBytes,
      kind: this.#kind,
      attempt: this.#attempt,
      source: this.#source,
      traceparent: this.trace.traceparent,
      recorded: this.#recorded && this.#ended(this.#recorded),
    });
  }

  #ended(recorded: Omit<NonNullable<InvocationEnded["recorded"]>, "traceparent" | "lastedMs">): InvocationEnded["recorded"] {
    return Object.freeze({ ...recorded, traceparent: this.trace.traceparent, lastedMs: this.#leftAt - this.#arrivedAt });
  }

  /** If there was no reply, the last span ends when the slot is free. */
  #spans(machine: MachineRecord | null): InvocationTiming {
    if (this.#timing !== null) return this.#timing;
    if (machine === null) return { queue: this.#leftAt - this.#arrivedAt, start: 0, bind: 0, run: 0 };
    return timingOf(this.#arrivedAt, this.#sentAt, this.#leftAt, machine);
  }

  #tellEnd(): void {
    if (this.#left && this.#reply === null) this.#owner.ended(this);
  }

  /** Like fail(), but the caller is told only after dispatch() has returned the handle. */
  refuse(code: ErrorCode, details: ErrorDetails): void {
    this.release();
    soon(() => this.#tellFailure(code, details));
  }

  // The caller calls what follows.

  write(chunk: Buffer): boolean {
    if (this.#body === null || this.#state === OVER) return true;
    this.#requestBytes += chunk.length;
    if (this.#stream === undefined) return this.#body.hold(chunk);
    if (this.#stream.sent) this.#body.drop();
    else this.#body.hold(chunk);
    return this.#stream.write(chunk);
  }

  end(trailers: string[] = []): void {
    if (this.#body === null) return;
    this.#body.ended = true;
    this.#body.trailers = trailers;
    this.#stream?.end(trailers);
  }

  consumed(bytes: number): void {
    this.#stream?.consumed(bytes);
  }

  usedMb(): number {
    return this.machine === null ? 0 : this.#owner.usedMb(this.machine);
  }

  abort(): void {
    if (this.#reply === null) return;
    this.#reply = null;
    this.#outcome = "aborted";
    if (this.#state === RUNNING) this.#stream?.reset(ResetCode.Cancelled, "the caller went away");
    else if (this.#state === WAITING) {
      this.release();
      this.#owner.abandoned(this);
    } else this.#tellEnd();
  }

  // The guest calls what follows, through GuestSide.

  replyHead(status: number, headers: string[], body: Buffer, ended: boolean): void {
    const reply = this.#reply;
    this.#body?.drop();
    if (reply === null) return;
    if (ended) this.#reply = null;
    const now = this.#owner.now();
    this.#status = status;
    this.#replyBytes += body.length;
    if (status === SWITCHING && !this.overdue) this.#switch(now);
    this.#timing = timingOf(this.#arrivedAt, this.#sentAt, now, this.machine as MachineRecord);
    reply.head(status, headers, body, ended, this.#timing);
  }

  /** The time that the function has to reply is over, and that of the connection begins. */
  #switch(now: number): void {
    const ms = this.#request?.connectionMs ?? Infinity;
    this.connection = { endsBecause: "connection-expired", details: { ms } };
    this.deadline = now + ms;
    // Nothing of it can run elsewhere any more, and a connection may last for hours.
    this.#request = null;
    this.machine?.hasLoaded(this.function);
    this.#owner.rescheduled(this);
  }

  replyData(chunk: Buffer): void {
    this.#replyBytes += chunk.length;
    this.#reply?.data(chunk);
  }

  replyEnd(trailers?: string[]): void {
    const reply = this.#reply;
    this.#reply = null;
    reply?.end(trailers);
  }

  replyInterim(status: number, headers: string[]): void {
    this.#reply?.interim?.(status, headers);
  }

  replyReset(code: ResetCode, message: string): void {
    const [failure, details] = failureOf(code, message, this.#kind === "upgrade", this.appName, this.function);
    this.#tellFailure(failure, details);
  }

  /** A line of the function's, or about it. */
  logged(level: LogLevel, text: string): void {
    this.#reply?.log?.(level, text);
  }

  /** The guest has closed the stream, so the slot is free. @param withHead see RequestSink.closed() */
  closed(withHead: boolean): void {
    if (this.#state !== RUNNING) return;
    this.machine?.hasLoaded(this.function);
    this.release();
    // The time of the head is that of the end as well: a clock is slow to read, compared with the rest of a call.
    this.#owner.finished(this, withHead && this.#timing !== null ? this.#sentAt + this.#timing.run : this.#owner.now());
  }

  drain(): void {
    this.#reply?.drain();
  }

  /** Nothing was sent. The slot is freed in a later turn, because the policy's commands are still being carried out now. */
  #notSent(error: unknown): void {
    const { code, details } = error instanceof MayflyError ? error : new MayflyError("internal", { what: String(error) });
    soon(() => {
      if (this.#state !== RUNNING) return;
      this.release();
      this.#owner.finished(this, this.#owner.now());
      this.#tellFailure(code, details);
    });
  }

  #tellFailure(code: ErrorCode, details: ErrorDetails): boolean {
    const reply = this.#reply;
    this.#reply = null;
    if (reply === null) return false;
    this.#outcome = code;
    this.#details = details;
    reply.fail(code, details);
    this.#tellEnd();
    return true;
  }

  /** Drops the request, because the machine's record keeps this object for late log lines and must not keep the request in memory. */
  #letGo(): void {
    this.#wasSent = this.#stream?.sent === true;
    this.#request = null;
    this.#stream = undefined;
    this.#body = null;
  }
}

/** What one stream reports to its invocation. It is an object of its own, so that late reports of a stream that was given up end here. */
class GuestSide implements RequestSink {
  readonly #invocation: Invocation;

  constructor(invocation: Invocation) {
    this.#invocation = invocation;
  }

  head(status: number, headers: string[], body: Buffer, ended: boolean): void {
    this.#invocation.replyHead(status, headers, body, ended);
  }

  data(chunk: Buffer): void {
    this.#invocation.replyData(chunk);
  }

  end(trailers?: string[]): void {
    this.#invocation.replyEnd(trailers);
  }

  interim(status: number, headers: string[]): void {
    this.#invocation.replyInterim(status, headers);
  }

  reset(code: ResetCode, message: string): void {
    this.#invocation.replyReset(code, message);
  }

  closed(withHead = false): void {
    this.#invocation.closed(withHead);
  }

  drain(): void {
    this.#invocation.drain();
  }
}

function recordedOf({ input, links }: InvocationRequest, { parentSpan }: OwnTrace) {
  const method = input.kind === "event" ? "" : input.method;
  return { parentSpan, method, links: links && Object.freeze(links.map(({ traceparent }) => traceparent)) };
}

/** When an invocation has waited for a machine for as long as it may. */
function waitsUntil(arrivedAt: number, { startMs, timeoutMs }: InvocationRequest): number {
  return arrivedAt + (startMs ?? timeoutMs);
}
