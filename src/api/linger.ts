import type { IncomingMessage, Server, ServerResponse } from "node:http";

const LINGER_MS = 30_000;

/**
 * Reads and drops what a client still sends after its answer, for at most LINGER_MS: a connection that is cut while bytes are
 * on their way loses the answer, and the client is told of a broken connection instead of a body over the limit.
 */
export function lingerAfterAnswers(server: Server): void {
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    response.once("finish", () => {
      if (request.complete) return;
      const timer = setTimeout(() => request.socket.destroy(), LINGER_MS);
      timer.unref();
      request.once("close", () => clearTimeout(timer));
      request.removeAllListeners("data");
      request.resume();
    });
  });
}
