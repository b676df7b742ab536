/**
 * One invocation as a request to the program, and its response as the reply. Bytes go both ways as they come, no faster than the other side takes them.
 *
 * 1. The invocation ends once: with the response, with a failure, or when nobody wants its reply. Then the request ends as well: its connection is used
 *    again if request and response are complete, and closed otherwise.
 * 2. A request is sent a second time only if it can't have been seen: it has no body, its method promises to change nothing, and the connection, which had been
 *    used before, was closed before anything came back.
 */
import type { ClientRequest, IncomingMessage } from "node:http";
import type { Failures } from "../../agent/invocation/failures.ts";
import type { Invocation } from "../../agent/invocation/invocation.ts";
import type { Outlet } from "../../agent/invocation/outlet.ts";
import type { Pool } from "./pool.ts";
import { endToEnd, requestOptions } from "./request-options.ts";

const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);

export class Exchange {
  readonly #invocation: Invocation;
  readonly #pool: Pool;
  readonly #failures: Failures;
  readonly #onOver: () => void;
  #over = false;

  constructor(invocation: Invocation, pool: Pool, failures: Failures, onOver: () => void) {
    this.#invocation = invocation;
    this.#pool = pool;
    this.#failures = failures;
    this.#onOver = onOver;
  }

  begin(): void {
    try {
      this.#send(false);
    } catch (error) {
      // Node refuses a path or a header that HTTP can't carry.
      this.#end(() => this.#failures.threw(this.#invocation, error));
    }
  }

  #send(again: boolean): void {
    const invocation = this.#invocation;
    const options = requestOptions(invocation);
    const request = this.#pool.request(options);
    const mayRepeat = !again && invocation.hasEmptyBody && SAFE.has(options.method!);
    let responded = false;
    invocation.onAbort = () => {
      request.destroy();
      this.#end(() => invocation.settle());
    };
    request.on("response", (response) => {
      responded = true;
      this.#reply(request, response);
    });
    request.on("error", (error: Error) => {
      if (this.#over) return;
      if (mayRepeat && !responded && request.reusedSocket) this.#send(true);
      else this.#fail(error, responded);
    });
    request.on("upgrade", (_response, socket) => {
      socket.destroy();
      this.#fail(new Error("The program answered with a change of protocol that nobody asked for"), false);
    });
    this.#sendBody(request);
  }

  #sendBody(request: ClientRequest): void {
    const { body } = this.#invocation;
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
      end: () => request.end(),
      error: () => request.destroy(),
    });
  }

  #reply(request: ClientRequest, response: IncomingMessage): void {
    const outlet = this.#invocation.begin(response.statusCode!, endToEnd(response.rawHeaders));
    if (outlet === null) {
      request.destroy();
      return this.#end(() => this.#invocation.settle());
    }
    response.on("data", (chunk: Buffer) => this.#pass(response, outlet, chunk));
    // What the program printed before its last byte is read in the same turn, and is to be logged under the invocation.
    response.on("end", () => setImmediate(() => this.#complete(request, outlet)));
    response.on("error", (error: Error) => this.#fail(error, true));
  }

  #pass(response: IncomingMessage, outlet: Outlet, chunk: Buffer): void {
    if (this.#over || outlet.write(chunk)) return;
    response.pause();
    outlet.onDrain = () => response.resume();
  }

  #complete(request: ClientRequest, outlet: Outlet): void {
    this.#end(() => outlet.end());
    // The program has answered without reading all of the body.
    if (!request.writableFinished) request.destroy();
    this.#pool.used();
  }

  #fail(error: Error, responded: boolean): void {
    const text = responded ? "The program broke its response off" : "The program closed the connection, or sent no valid response";
    this.#end(() => this.#failures.reported(this.#invocation, reportedText(`${text}: ${error.message}`)));
  }

  #end(last: () => void): void {
    if (this.#over) return;
    this.#over = true;
    last();
    this.#onOver();
  }
}

function reportedText(text: string): { text: string; document: string } {
  return { text, document: JSON.stringify({ errorType: "Error", errorMessage: text, trace: [] }) };
}
