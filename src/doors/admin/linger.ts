import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { guarded } from "../../base/errors/guarded.ts";

const LINGER_MS = 30_000;

/**
 * Reads and drops what a client still sends after its answer, for at most LINGER_MS. If the connection were cut while bytes are on their
 * way, the client would lose the answer, and would see a broken connection instead of a body over the limit.
 */
export function lingerAfterAnswers(server: Server): void {
  const onRequest = (request: IncomingMessage, response: ServerResponse) => {
    const cut = () => request.socket.destroy();
    const onFinish = () => {
      if (request.complete) return;
      const timer = setTimeout(cut, LINGER_MS);
      timer.unref();
      request.once(
        "close",
        guarded(() => clearTimeout(timer), cut),
      );
      request.removeAllListeners("data");
      request.resume();
    };
    response.once("finish", guarded(onFinish, cut));
  };
  server.on(
    "request",
    guarded(onRequest, (_error, request) => request.socket.destroy()),
  );
}
