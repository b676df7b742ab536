import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { guarded } from "../base/errors/guarded.ts";
import { ASK_MS, StillThere } from "./still-there.ts";

/** For a server of node:http that handles its requests by itself: it would take a client that will send nothing more for one that is gone. */
export function answerHalfClosed(server: Server): void {
  // In no documentation of node:http, but the server's own since its beginnings; api/half-closed.test.ts fails without it.
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
