/**
 * One invocation as a request to the program, and its response as the reply. Bytes go both ways as they come, no faster than the other side takes them.
 *
 * 1. The invocation ends once: with the response, with a failure, or when the program has let go of a request whose reply nobody wants. Then the request
 *    ends as well: its connection is used again if request and response are complete, and closed otherwise.
 * 2. A request is sent a second time only if it can't have been seen: it has no body, its method promises to change nothing, and the connection, which had been
 *    used before, was closed before anything came back.
 * 3. A program that ends takes its invocations with it, so that none of them fails because of the connection alone. So does one that takes no connections any
 *    more.
 */
import type { ClientRequest, IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { Failures } from "../../agent/invocation/failures.ts";
import type { Invocation } from "../../agent/invocation/invocation.ts";
import type { Outlet } from "../../agent/invocation/outlet.ts";
import type { Program } from "../program/program.ts";
import { carry } from "./carry.ts";
import type { Pool } from "./pool.ts";
import { isRefused } from "./refused.ts";
import { endToEnd, requestOptions } from "./request-options.ts";

const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);
/** Milliseconds. The connections of a program that ends are closed before its end is known. */
const END_MS = 250;

export interface ExchangeParts {
  pool: Pool;
  program: Pick<Program, "isGone">;
  failures: Failures;
  /** Called when the program takes no connections. Resolves, with new ones, if it takes them again. */
  refused: () => Promise<Pool>;
  /** Called when the invocation has ended. */
  over: () => void;
}

export class Exchange {
  readonly #invocation: Invocation;
  readonly #parts: ExchangeParts;
  #pool: Pool;
  #response: IncomingMessage | null = null;
  #over = false;

  constructor(invocation: Invocation, parts: ExchangeParts) {
    this.#invocation = invocation;
    this.#parts = parts;
    this.#pool = parts.pool;
  }

  begin(): void {
    try {
      this.#send(false);
    } catch (error) {
      // Node refuses a path or a header that HTTP can't carry.
      this.#end(() => this.#parts.failures.threw(this.#invocation, error));
    }
  }

  #send(again: boolean): void {
    const invocation = this.#invocation;
    const options = requestOptions(invocation);
    const request = invocation.head.isUpgrade ? this.#pool.upgrade(options) : this.#pool.request(options);
    const mayRepeat = !again && invocation.hasEmptyBody && SAFE.has(options.method!);
    let responded = false;
    let readBefore = 0;
    request.once("socket", (socket) => (readBefore = socket.bytesRead));
    invocation.onAbort = () => this.#letGo(request);
    request.on("information", ({ statusCode, rawHeaders }) => invocation.interim(statusCode, endToEnd(rawHeaders)));
    request.on("response", (response) => {
      responded = true;
      this.#reply(request, response);
    });
    request.on("error", (error: Error) => {
      // The request's end is told as well.
      if (this.#over || invocation.aborted) return;
      // What has come back, even if it is no response, says that the program has the request.
      if (mayRepeat && request.reusedSocket && request.socket?.bytesRead === readBefore) this.#send(true);
      else if (isRefused(error)) void this.#sendLater(error);
      else this.#fail(error, responded);
    });
    request.on("upgrade", (response, socket, early) => {
      if (invocation.head.isUpgrade) return this.#goOn(response, socket, early);
      socket.destroy();
      this.#fail(new Error("The program answered with a change of protocol that nobody asked for"), false);
    });
    this.#sendBody(request);
  }

  /** The program has seen nothing of the request, so that it is sent again, whatever it is, if its body is still known because it has none. */
  async #sendLater(error: Error): Promise<void> {
    const invocation = this.#invocation;
    invocation.onAbort = () => this.#end(() => invocation.settle());
    this.#pool = await this.#parts.refused();
    if (this.#over) return;
    if (invocation.hasEmptyBody || invocation.head.isUpgrade) this.#send(false);
    else this.#fail(error, false);
  }

  /** The program speaks the caller's protocol: the connection to it is the caller's from now on. */
  #goOn(response: IncomingMessage, socket: Duplex, early: Buffer): void {
    const invocation = this.#invocation;
    const outlet = invocation.switch(endToEnd(response.rawHeaders));
    if (outlet === null) return void socket.destroy();
    carry(invocation, outlet, socket, early, () => this.#end(() => undefined));
  }

  #sendBody(request: ClientRequest): void {
    const { body, head } = this.#invocation;
    if (head.isUpgrade) return void request.end();
    if (this.#invocation.hasEmptyBody) return void request.end();
    let untaken = 0;
    request.on("drain", () => {
      body.taken(untaken);
      untaken = 0;
    });
    body.consume({
      data(chunk) {
        untaken += chunk.length;
        if (!request.write(chunk)) return;
        body.taken(untaken);
        untaken = 0;
      },
      end: () => {
        addTrailers(request, this.#invocation.requestTrailers);
        request.end();
      },
      // The invocation was aborted, which #letGo deals with.
      error: () => undefined,
    });
  }

  /**
   * Nobody waits for the reply, which the program learns as of any client that leaves. The invocation is in flight until the program closes the connection as
   * well, or goes on with its response. A program that is stuck does neither, and the host ends the machine in time.
   */
  #letGo(request: ClientRequest): void {
    // The invocation ends in this turn or as the rest is read. The connection may be another one's already.
    if (this.#response?.complete === true) return void this.#response.resume();
    const { socket } = request;
    // A connection that is to go on with another protocol is none that the program has to finish with.
    if (socket === null || socket.connecting || this.#invocation.head.isUpgrade) return this.#settle(request);
    request.once("close", () => this.#settle(request));
    socket.end();
    this.#response?.resume();
  }

  #settle(request: ClientRequest): void {
    request.destroy();
    this.#end(() => this.#invocation.settle());
  }

  /**
   * What has come of the response in the turn of its head is sent together with it. Most responses are whole by then, and then are one frame, which costs
   * both ends half as much.
   */
  #reply(request: ClientRequest, response: IncomingMessage): void {
    this.#response = response;
    const begun: Buffer[] = [];
    let outlet: Outlet | null = null;
    let isWhole = false;
    response.on("data", (chunk: Buffer) => {
      if (this.#invocation.aborted) this.#settle(request);
      else if (outlet === null) begun.push(chunk);
      else this.#pass(response, outlet, chunk);
    });
    response.on("end", () => {
      isWhole = true;
      // What the program printed before its last byte is read in the same turn, and is to be logged under the invocation.
      if (outlet !== null) setImmediate(() => this.#complete(request, () => outlet!.end(this.#invocation.sendable(response.rawTrailers))));
    });
    response.on("error", (error: Error) => this.#fail(error, true));
    setImmediate(() => {
      if (this.#over) return;
      const [status, headers] = [response.statusCode!, endToEnd(response.rawHeaders)];
      const hasTrailers = isWhole && response.rawTrailers.length > 0;
      if (isWhole && !hasTrailers) return this.#complete(request, () => this.#invocation.reply(status, headers, Buffer.concat(begun)));
      outlet = this.#invocation.begin(status, headers);
      if (outlet === null) return this.#settle(request);
      for (const chunk of begun) this.#pass(response, outlet, chunk);
      if (hasTrailers) this.#complete(request, () => outlet!.end(this.#invocation.sendable(response.rawTrailers)));
    });
  }

  #pass(response: IncomingMessage, outlet: Outlet, chunk: Buffer): void {
    if (this.#over || outlet.write(chunk)) return;
    response.pause();
    outlet.onDrain = () => response.resume();
  }

  #complete(request: ClientRequest, last: () => void): void {
    if (this.#invocation.aborted) return this.#settle(request);
    this.#end(last);
    // The program has answered without reading all of the body.
    if (!request.writableFinished) request.destroy();
    this.#pool.used();
  }

  #fail(error: Error, responded: boolean): void {
    const text = responded ? "The program broke its response off" : "The program closed the connection, or sent no valid response";
    const fail = () => this.#parts.failures.reported(this.#invocation, reportedText(`${text}: ${error.message}`));
    setTimeout(() => this.#parts.program.isGone || this.#end(fail), END_MS);
  }

  #end(last: () => void): void {
    if (this.#over) return;
    this.#over = true;
    // A caller may still be reading the reply. That it leaves is no matter of the connection, which may be another invocation's by then.
    this.#invocation.onAbort = null;
    last();
    this.#parts.over();
  }
}

/** They cross only if the request is sent in chunks, as one whose length was not said is. */
function addTrailers(request: ClientRequest, pairs: readonly string[]): void {
  if (pairs.length === 0 || !request.chunkedEncoding) return;
  const named = pairs.flatMap((name, at): [string, string][] => (at % 2 === 0 ? [[name, pairs[at + 1]!]] : []));
  request.addTrailers(named);
}

function reportedText(text: string): { text: string; document: string } {
  return { text, document: JSON.stringify({ errorType: "Error", errorMessage: text, trace: [] }) };
}
