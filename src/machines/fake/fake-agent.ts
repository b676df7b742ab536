/**
 * The guest's side of the protocol in the host's own process, for tests of logic. It evaluates no code; tests give it its functions.
 *
 * Owns its end of the channel, and the streams open on it.
 * 1. While the machine is stopped the agent reads nothing and sends nothing.
 */
import type { Duplex } from "node:stream";

import { Outlet } from "../../guest/agent/invocation/outlet.ts";
import { FrameReader } from "../../wire/frame-reader.ts";
import { fromHost } from "../../wire/frame-rules.ts";
import { FrameWriter } from "../../wire/frame-writer.ts";
import { decodeRequestHead } from "../../wire/head.ts";
import {
  Flag,
  FrameType,
  INITIAL_CREDIT,
  PROTOCOL_VERSION,
  REHEARSAL_APP,
  type ReadyMessage,
  type ResumeMessage,
  ResetCode,
  WARM_FUNCTION,
} from "../../wire/protocol.ts";

/** Gets the whole body of a request and returns that of the reply. An error that it throws becomes a Reset. */
export type FakeFunction = (body: Buffer) => Buffer | Promise<Buffer>;

/** A Request, or a Bind, whose bytes are still coming. */
interface Incoming {
  chunks: Buffer[];
  /** The function that a Request is for; a Bind has none. */
  name: string | undefined;
  outlet: Outlet;
}

const AGENT = "fake";

export class FakeAgent {
  readonly #channel: Duplex;
  readonly #writer: FrameWriter;
  readonly #functions: Record<string, FakeFunction>;
  readonly #streams = new Map<number, Incoming>();
  readonly #restore: (() => string | undefined) | undefined;
  #bound = false;
  #rehearsing = false;
  #running = Promise.withResolvers<void>();

  /** @param restore if given, the agent was bound before it was frozen: called at its restore, it says why the app cannot go on, if it cannot */
  constructor(channel: Duplex, functions: Record<string, FakeFunction>, restore?: () => string | undefined) {
    this.#channel = channel;
    this.#writer = new FrameWriter(channel);
    this.#functions = functions;
    this.#running.resolve();
    const reader = new FrameReader(fromHost, (type, flags, stream, payload) => this.#onFrame(type, flags, stream, payload));
    channel.on("data", (chunk: Buffer) => {
      const wrong = reader.push(chunk);
      if (wrong !== null) throw new Error(`the host sent ${wrong}`);
    });
    this.#restore = restore;
    this.#bound = restore !== undefined;
    if (restore === undefined) this.#hello();
  }

  #hello(): void {
    this.#writer.json(FrameType.Hello, 0, { protocol: { min: PROTOCOL_VERSION, max: PROTOCOL_VERSION }, agent: AGENT });
  }

  stop(): void {
    this.#channel.pause();
    this.#running = Promise.withResolvers();
  }

  cont(): void {
    this.#running.resolve();
    this.#channel.resume();
  }

  #onFrame(type: number, flags: number, stream: number, payload: Buffer): void {
    const ended = (flags & Flag.End) !== 0;
    switch (type) {
      case FrameType.Resume:
        return this.#resumed(JSON.parse(payload.toString()) as ResumeMessage);
      case FrameType.Ping:
        return this.#writer.frame(FrameType.Pong, 0, 0, payload);
      case FrameType.Bind:
        this.#rehearsing = appOf(payload) === REHEARSAL_APP;
        return this.#open(stream, undefined, Buffer.alloc(0), ended);
      case FrameType.Request: {
        const headEnd = 4 + payload.readUInt32LE(0);
        const head = decodeRequestHead(payload.toString("latin1", 4, headEnd));
        return this.#open(stream, head.function, payload.subarray(headEnd), ended);
      }
      case FrameType.Data:
        return this.#data(stream, payload, ended);
      case FrameType.Credit:
        return this.#streams.get(stream)?.outlet.grant(payload.readUInt32LE(0));
      case FrameType.Reset:
        return this.#reset(stream, ResetCode.Cancelled, "the host asked for it");
    }
  }

  #resumed({ restored }: ResumeMessage): void {
    const failed = restored === true ? this.#restore?.() : undefined;
    this.#writer.json(FrameType.Ready, 0, { ...ready, ...(failed !== undefined && { failed }) });
  }

  #open(stream: number, name: string | undefined, body: Buffer, ended: boolean): void {
    const close = () => (this.#streams.delete(stream), 0);
    this.#streams.set(stream, { chunks: [], name, outlet: new Outlet(this.#writer, stream, close) });
    this.#data(stream, body, ended);
  }

  #data(stream: number, chunk: Buffer, ended: boolean): void {
    const incoming = this.#streams.get(stream);
    if (incoming === undefined) return;
    incoming.chunks.push(chunk);
    if (ended) void this.#run(stream, incoming);
    else if (incoming.name !== undefined && chunk.length > 0) this.#writer.credit(stream, chunk.length);
  }

  async #run(stream: number, { name, chunks, outlet }: Incoming): Promise<void> {
    if (name === undefined) return this.#bind(stream);
    const run = Object.hasOwn(this.#functions, name) ? this.#functions[name] : undefined;
    if (!this.#bound && (this.#rehearsing || name === WARM_FUNCTION)) return this.#reply(stream, outlet, Buffer.from("warm"));
    if (!this.#bound || run === undefined) return this.#reset(stream, ResetCode.FunctionNotFound, `no function ${name}`);
    try {
      const reply = await run(Buffer.concat(chunks));
      await this.#running.promise;
      if (this.#streams.has(stream)) this.#reply(stream, outlet, reply);
    } catch (error) {
      this.#reset(stream, ResetCode.FunctionThrew, (error as Error).message);
    }
  }

  #bind(stream: number): void {
    this.#streams.delete(stream);
    this.#writer.json(FrameType.Bound, stream, this.#bound ? { ok: false, message: "bound already" } : { ok: true });
    this.#bound = !this.#rehearsing;
  }

  #reply(stream: number, outlet: Outlet, body: Buffer): void {
    if (body.length <= INITIAL_CREDIT) {
      this.#streams.delete(stream);
      return this.#writer.headed(FrameType.Response, Flag.End, stream, "200", body);
    }
    this.#writer.headed(FrameType.Response, 0, stream, "200", null);
    outlet.write(body);
    outlet.end();
  }

  #reset(stream: number, code: ResetCode, message: string): void {
    if (this.#streams.delete(stream)) this.#writer.reset(stream, code, message);
  }
}

const ready: ReadyMessage = { protocol: PROTOCOL_VERSION, agent: AGENT, node: process.versions.node, kernel: "host" };

function appOf(bind: Buffer): string {
  return (JSON.parse(bind.toString("utf8", 4, 4 + bind.readUInt32LE(0))) as { app: string }).app;
}
