/** A caller of the dispatcher, for tests. It keeps what it was told, and fails on an answer that breaks the contract. */
import assert from "node:assert/strict";
import type { ErrorDetails } from "../../base/errors/error.ts";
import type { ErrorCode } from "../../base/errors/table.ts";
import type { Dispatcher, InvocationHandle, InvocationReply, InvocationRequest } from "../invocation.ts";
import type { HttpInput } from "../../wire/host-end.ts";
import type { InvocationTiming } from "../../telemetry/platform-event.ts";

export class Caller implements InvocationReply {
  status = 0;
  headers: string[] = [];
  body = "";
  timing: InvocationTiming | undefined;
  failure: { code: ErrorCode; details: ErrorDetails } | undefined;
  ended = false;
  aborted = false;
  drains = 0;
  handle: InvocationHandle | undefined;
  /** Resolves when the call is over, however it ended. */
  readonly over: Promise<this>;
  /** Resolves when the reply's head has arrived, or the call is over. */
  readonly headed: Promise<this>;
  #tellOver: () => void = () => {};
  #tellHeaded: () => void = () => {};

  constructor() {
    this.over = new Promise((resolve) => (this.#tellOver = () => resolve(this)));
    this.headed = new Promise((resolve) => (this.#tellHeaded = () => resolve(this)));
  }

  get isOver(): boolean {
    return this.ended || this.failure !== undefined || this.aborted;
  }

  head(status: number, headers: string[], body: Buffer, ended: boolean, timing: InvocationTiming): void {
    this.#expect(this.status === 0, "a second head");
    Object.assign(this, { status, headers, timing });
    this.#take(body);
    this.#tellHeaded();
    if (ended) this.#end();
  }

  data(chunk: Buffer): void {
    this.#expect(this.status !== 0, "data before the head");
    this.#take(chunk);
  }

  end(): void {
    this.#expect(this.status !== 0, "end before the head");
    this.#end();
  }

  fail(code: ErrorCode, details: ErrorDetails): void {
    this.#expect(this.handle !== undefined, "fail before dispatch returned");
    this.failure = { code, details };
    this.#tellHeaded();
    this.#tellOver();
  }

  drain(): void {
    this.drains++;
  }

  abort(): void {
    this.aborted = true;
    this.handle?.abort();
    this.#tellOver();
  }

  #take(chunk: Buffer): void {
    this.body += chunk.toString();
    this.handle?.consumed(chunk.length);
  }

  #end(): void {
    this.ended = true;
    this.#tellOver();
  }

  #expect(condition: boolean, what: string): void {
    assert.ok(!this.isOver, `${this.handle?.id}: told more after its end`);
    assert.ok(condition, `${this.handle?.id}: ${what}`);
  }
}

type Asked = Partial<Omit<InvocationRequest, "input"> & Pick<HttpInput, "method" | "url" | "headers">> & { app: string };

/** Calls a function over HTTP. */
export function call(dispatcher: Dispatcher, asked: Asked): Caller {
  const caller = new Caller();
  const { method = "GET", url = "http://test/", headers = [], ...request } = asked;
  const trace = { traceparent: "", tracestate: "" };
  const input: HttpInput = { kind: "http", event: "http-v2", method, url, headers };
  const usual = { appName: asked.app, function: "main", timeoutMs: 60_000, attempt: 1, trace, body: null };
  caller.handle = dispatcher.dispatch({ ...usual, ...request, input }, caller);
  return caller;
}
