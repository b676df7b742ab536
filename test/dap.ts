/** What a debugger of Python speaks: the Debug Adapter Protocol, whose messages are JSON behind a line with their length. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { eventually } from "./platform.ts";

interface Heard {
  type: string;
  event?: string;
  request_seq?: number;
  success?: boolean;
  body?: Record<string, unknown>;
}

export class Dap {
  readonly #socket: Socket;
  readonly heard: Heard[] = [];
  #bytes = Buffer.alloc(0);
  #last = 0;
  isClosed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk: Buffer) => this.#take(chunk)).on("error", () => undefined);
    socket.on("close", () => (this.isClosed = true));
  }

  static async connect(address: string): Promise<Dap> {
    const { hostname, port } = new URL(`tcp://${address}`);
    const socket = connect(Number(port), hostname);
    await once(socket, "connect");
    return new Dap(socket);
  }

  /** Returns the request's number, by which it is answered. */
  ask(command: string, args: object = {}): number {
    const seq = ++this.#last;
    const text = Buffer.from(JSON.stringify({ seq, type: "request", command, arguments: args }));
    this.#socket.write(Buffer.concat([Buffer.from(`Content-Length: ${text.length}\r\n\r\n`), text]));
    return seq;
  }

  async answered(seq: number): Promise<Record<string, unknown>> {
    const found = await this.#next(`the answer to request ${seq}`, (each) => each.request_seq === seq);
    assert.ok(found.success, JSON.stringify(found));
    return found.body ?? {};
  }

  async send(command: string, args: object = {}): Promise<Record<string, unknown>> {
    return this.answered(this.ask(command, args));
  }

  async hears(event: string): Promise<Record<string, unknown>> {
    return (await this.#next(event, (each) => each.event === event)).body ?? {};
  }

  close(): void {
    this.#socket.destroy();
  }

  async #next(what: string, holds: (heard: Heard) => boolean): Promise<Heard> {
    const found = await eventually(
      what,
      () => this.heard.find(holds),
      (each) => each !== undefined || this.isClosed,
    );
    assert.ok(found, `the connection ended before ${what}: ${JSON.stringify(this.heard)}`);
    return found;
  }

  #take(chunk: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    for (;;) {
      const head = this.#bytes.indexOf("\r\n\r\n");
      const size = Number(/Content-Length: (\d+)/.exec(this.#bytes.toString("latin1", 0, head))?.[1]);
      if (head < 0 || this.#bytes.length < head + 4 + size) return;
      this.heard.push(JSON.parse(this.#bytes.toString("utf8", head + 4, head + 4 + size)) as Heard);
      this.#bytes = this.#bytes.subarray(head + 4 + size);
    }
  }
}
