/** The contract of the host's end of one machine's channel, for the rest of the host. See docs/guest-protocol.md. */
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { BindMessage, LogLevel, ReadyMessage, ResetCode, ResumeExtras, StatsMessage } from "./protocol.ts";

/** Pieces of any size. */
export type BindCode = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** The head of a Request. */
export interface RequestHead {
  /** The invocation's id. */
  id: string;
  function: string;
  /** Milliseconds until the deadline. */
  remainingMs: number;
  /** Which attempt at the same work this is, counted from 1. */
  attempt: number;
  /** The revision that the machine was bound to. The agent gives it no meaning. */
  revision: string;
  trace: TraceContext;
  input: InvocationInput;
}

/** W3C Trace Context. Both are byte strings without CR, LF or NUL. */
export interface TraceContext {
  /** A traceparent of version 00; empty if the invocation belongs to no trace. */
  traceparent: string;
  /** Empty if there is none. */
  tracestate: string;
}

/** What the function gets, except the body, which follows the head. */
export type InvocationInput = HttpInput | EventInput | UpgradeInput;

export interface HttpInput {
  kind: "http";
  /** The form of the event that the request becomes if the function is a Lambda-style handler. */
  event: LambdaEventForm;
  method: string;
  /** An absolute URL. */
  url: string;
  /** name, value, name, value…, without hop-by-hop headers. */
  headers: string[];
}

/** http-v2 is API Gateway's event for HTTP APIs, payload format 2.0; http-v1 is that of its REST APIs, payload format 1.0. */
export type LambdaEventForm = "http-v2" | "http-v1";

/**
 * A caller asks to go on with another protocol on its connection. If the reply's status is 101, the bodies of both directions are that protocol's bytes
 * from then on; any other reply is one of HTTP.
 */
export interface UpgradeInput {
  kind: "upgrade";
  /** In lower case. */
  protocol: "websocket";
  method: string;
  /** An absolute URL. */
  url: string;
  /** name, value, name, value…, without hop-by-hop headers: those that ask for the protocol are the agent's to add. */
  headers: string[];
}

/** The body is the event as JSON, and the reply's body is the result. The host interprets neither. */
interface EventInput {
  kind: "event";
  /** Set if the caller expects the answers of AWS Lambda's API: how the function failed, if it fails, is then told as AWS's runtimes tell it. */
  lambda?: LambdaContext;
}

/** What the context object of a handler in the style of AWS Lambda says of one invocation. JSON can hold all of it. */
export interface LambdaContext {
  /** The ARN that the caller named, with its qualifier. */
  arn: string;
  /** The value of the header X-Amzn-Trace-Id. */
  traceId: string;
  /** What the caller gave as ClientContext, parsed. */
  client?: unknown;
  /** The tenant whose machines the caller asked for. */
  tenantId?: string;
}

/**
 * What one Request stream reports to its opener. The order is interim*, head, data*, end, closed; reset replaces everything that is left before
 * closed.
 */
export interface RequestSink {
  /** If `ended`, the reply's body is complete, and end() is not called. */
  head(status: number, headers: string[], body: Buffer, ended: boolean): void;
  data(chunk: Buffer): void;
  /** @param trailers name, value, name, value…, if there are any */
  end(trailers?: string[]): void;
  /** A response that comes before the final one, such as 103 Early Hints. */
  interim?(status: number, headers: string[]): void;
  reset(code: ResetCode, message: string): void;
  /**
   * The guest has finished the invocation, so its slot is free. Called exactly once, as the last call. Not called when the channel dies:
   * see HostEndEvents.dead.
   * @param withHead whether that was told with the reply's head: head() has only just returned
   */
  closed(withHead?: boolean): void;
  /** The guest granted more credit after write() returned false. */
  drain(): void;
}

export interface RequestStream {
  /** The wire's stream number; Log frames carry it. */
  readonly stream: number;
  /** True once any byte of the Request was given to the channel. From then on the invocation must not run elsewhere. */
  readonly sent: boolean;
  /** Sends the chunk, and buffers what credit does not cover yet. If it returns false, wait for drain. */
  write(chunk: Buffer): boolean;
  /** @param trailers name, value, name, value…; an agent that takes none does not get them */
  end(trailers?: string[]): void;
  /** Grants the guest credit for bytes of the reply that the consumer took. */
  consumed(bytes: number): void;
  /** Asks the guest to abort. The sink gets closed() and nothing else after this. */
  reset(code: ResetCode, message: string): void;
}

/** A connection to the outside: a socket, or what stands before one. It lets each direction end by itself. */
export type Outside = Duplex & Pick<Socket, "remoteAddress" | "remotePort" | "remoteFamily">;

export interface HostEndEvents {
  /** `stream` is 0, or the Request stream that the line belongs to, which is open or just closed. */
  log(stream: number, level: LogLevel, text: string): void;
  stats(stats: StatsMessage): void;
  /**
   * Egress: the callbacks' promises become the answers, and rejections become Resets. Host and port are as the function gave them. `gone`
   * is aborted when the guest takes its question back, and when the channel is over. `name` is the name under which, as the guest says, it
   * found the address.
   */
  connect(host: string, port: number, gone: AbortSignal, name?: string): Promise<Outside>;
  resolve(host: string, family: 0 | 4 | 6, gone: AbortSignal): Promise<{ address: string; family: 4 | 6 }[]>;
  /** The channel is over: it ended, failed, or the guest violated the protocol. Called once. The owner kills the machine. */
  dead(reason: string, violation: boolean): void;
}

export interface HostEnd {
  /** The number of Request streams that the guest has not finished. */
  readonly inFlight: number;
  /** The number of frames that came from the guest. */
  readonly heard: number;
  /** Changes with every frame to the guest, and with every frame from it except Stats, which it sends only because time has passed. */
  readonly traffic: number;
  /**
   * Sends Resume, and resolves with Ready. If `fresh`, waits for Hello first. Rejects with "protocol-version-mismatch" if the agent speaks
   * another version. If `extras` say that it is `restored`, the agent tells the app's code that it runs in a clone, and Ready's `failed` says how that went wrong.
   */
  resume(now: number, entropy: Buffer, machine: string, fresh: boolean, extras?: ResumeExtras): Promise<ReadyMessage>;
  /**
   * Rejects with the guest's message if it answers ok: false, and with whatever the reading of the code throws.
   * @param code of the functions whose source is `frames`, in the order of message.functions. Read no faster than the guest takes it
   */
  bind(message: BindMessage, code: BindCode): Promise<void>;
  /** Opens a Request stream. `body` is what is there already; if `end`, nothing follows it. */
  request(head: RequestHead, body: Buffer | null, end: boolean, sink: RequestSink): RequestStream;
  /** Resolves with the round trip in milliseconds; rejects when the channel dies. Only one ping may be under way. */
  ping(): Promise<number>;
  /**
   * Keeps everything except a Resume from now on, until release(), because the machine is about to be stopped.
   * @param wanted called once, as soon as there is anything to send
   */
  hold(wanted: () => void): void;
  release(): void;
  /** Stops reading and writing; no events follow. */
  close(): void;
}
