/** The contract of the host's end of one machine's channel, as the rest of the host sees it. See docs/guest-protocol.md. */
import type { BindMessage, LogLevel, ReadyMessage, ResetCode, StatsMessage } from "./protocol.ts";

/** The head of a Request. */
export interface RequestHead {
  /** The invocation's id. */
  id: string;
  function: string;
  /** Milliseconds until the deadline. */
  remainingMs: number;
  /** Which attempt at the same work this is; 1 is the first. */
  attempt: number;
  /** The revision that the machine was bound to. It means nothing to the agent. */
  revision: string;
  trace: TraceContext;
  input: InvocationInput;
}

/** W3C Trace Context. Both are byte strings without CR, LF or NUL. */
export interface TraceContext {
  /** Of version 00; empty where the invocation belongs to no trace. */
  traceparent: string;
  /** Empty: there is none. */
  tracestate: string;
}

/** What the function gets, but for the body, which follows the head. */
export type InvocationInput = HttpInput | EventInput;

export interface HttpInput {
  kind: "http";
  /** The event that the request becomes where the function is a Lambda-style handler. */
  event: LambdaEventForm;
  method: string;
  /** Absolute. */
  url: string;
  /** name, value, name, value…; without hop-by-hop headers. */
  headers: string[];
}

/** http-v2: API Gateway's event for HTTP APIs, payload format 2.0. */
type LambdaEventForm = "http-v2";

/** The body is the event, as JSON, and the reply's body the result. Neither means anything to the host. */
interface EventInput {
  kind: "event";
}

/** What one Request stream tells its opener. Order: head, data*, end, closed; reset replaces what is left before closed. */
export interface RequestSink {
  /** `ended`: the reply's body is complete (end is not called). */
  head(status: number, headers: string[], body: Buffer, ended: boolean): void;
  data(chunk: Buffer): void;
  end(): void;
  reset(code: ResetCode, message: string): void;
  /** The guest is through with the invocation: its slot is free. Exactly once, last. Not called when the channel dies: see HostEndEvents.dead. */
  closed(): void;
  /** The guest granted more credit after write() returned false. */
  drain(): void;
}

export interface RequestStream {
  /** The wire's stream number; Log frames carry it. */
  readonly stream: number;
  /** True once any byte of the Request was handed to the channel: from then on the invocation must not be run elsewhere. */
  readonly sent: boolean;
  /** Sends, or buffers what credit does not cover yet. False: wait for drain. */
  write(chunk: Buffer): boolean;
  end(): void;
  /** Grants the guest credit for reply bytes that the consumer took. */
  consumed(bytes: number): void;
  /** Asks the guest to abort. The sink still gets closed(), and nothing else. */
  reset(code: ResetCode, message: string): void;
}

export interface HostEndEvents {
  /** `stream`: 0, or the Request stream that it belongs to (open or just closed). */
  log(stream: number, level: LogLevel, text: string): void;
  stats(stats: StatsMessage): void;
  /**
   * Egress, answered through the two callbacks' promises; rejections become Reset. Host and port are as the function gave them.
   * `gone` is aborted when the guest takes its question back, and when the channel is over. `name`: by which the guest says that it found the address.
   */
  connect(host: string, port: number, gone: AbortSignal, name?: string): Promise<import("node:net").Socket>;
  resolve(host: string, family: 0 | 4 | 6, gone: AbortSignal): Promise<{ address: string; family: 4 | 6 }[]>;
  /** The channel is over: it ended, failed, or the guest violated the protocol. Once. The owner kills the machine. */
  dead(reason: string, violation: boolean): void;
}

export interface HostEnd {
  /** Request streams that the guest is not through with. */
  readonly inFlight: number;
  /** Frames that came from the guest. */
  readonly heard: number;
  /** Changes with every frame to the guest, and with every one from it but its Stats, which it sends for no other reason than time. */
  readonly traffic: number;
  /**
   * Sends Resume; resolves with Ready. Waits for Hello first where `fresh`. Rejects with "protocol-version-mismatch" where the agent
   * speaks another version.
   */
  resume(now: number, entropy: Buffer, machine: string, fresh: boolean): Promise<ReadyMessage>;
  /** Rejects with the guest's message where it answers ok: false. */
  bind(message: BindMessage, code: Uint8Array[]): Promise<void>;
  /** Opens a Request stream. `body`: what is there already; `end`: nothing follows. */
  request(head: RequestHead, body: Buffer | null, end: boolean, sink: RequestSink): RequestStream;
  /** Resolves with the round trip in ms; rejects when the channel dies. One at a time. */
  ping(): Promise<number>;
  /**
   * For a machine that is about to be stopped: what is said to it from now on is kept, all but a Resume, until release().
   * @param wanted called once, as soon as there is anything to be said
   */
  hold(wanted: () => void): void;
  release(): void;
  /** Stops reading and writing; no events follow. */
  close(): void;
}
