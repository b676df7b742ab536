import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { guarded } from "../base/errors/guarded.ts";
import { ASK_MS, StillThere } from "./still-there.ts";

/**
 * Keeps the reply going to a client that has closed its half of the connection. Without this, node:http ends the connection of a client
 * that sends nothing more. For servers that handle their requests with node:http alone.
 */
export function answerHalfClosed(server: Server): void {
  // The documentation of node:http does not mention this property, but the server has always had it; api/half-closed.test.ts fails without
  // it.
  (server as Server & { httpAllowHalfOpen: boolean }).httpAllowHalfOpen = true;
  const onRequest = ({ socket }: IncomingMessage, response: ServerResponse) => {
    const cut = () => socket.destroy();
    const onEnd = () => {
      const stillThere = new StillThere(socket);
      const asking = setInterval(
        guarded(() => stillThere.ask(response), cut),
        ASK_MS,
      );
      response.once(
        "close",
        guarded(() => clearInterval(asking), cut),
      );
    };
    const ask = guarded(onEnd, cut);
    socket.once("end", ask);
    response.once(
      "close",
      guarded(() => socket.off("end", ask), cut),
    );
  };
  server.on(
    "request",
    guarded(onRequest, (_error, request) => request.socket.destroy()),
  );
}
