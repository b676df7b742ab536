/** Asks the server for connections to the outside. Each comes as an open socket over the relay's channel, or is refused. */
import type { Socket } from "node:net";
import { guarded } from "../../base/errors/guarded.ts";
import { MayflyError } from "../../base/errors/error.ts";
import type { FromRelay, ToRelay } from "./messages.ts";

export interface Outside {
  connect(host: string, port: number): Promise<Socket>;
  /** Must be called with the server's answer. */
  answered(message: ToRelay, socket: Socket | undefined): void;
}

export function createOutside(tell: (message: FromRelay) => void): Outside {
  const waiting = new Map<number, PromiseWithResolvers<Socket>>();
  let last = 0;
  return {
    connect(host, port) {
      const id = ++last;
      const asked = Promise.withResolvers<Socket>();
      waiting.set(id, asked);
      tell({ type: "connect", id, host: host.slice(0, 300), port });
      return asked.promise;
    },
    answered(message, socket) {
      const asked = waiting.get(message.id);
      waiting.delete(message.id);
      if (message.type === "refused") return asked?.reject(refusal(message));
      if (socket === undefined) {
        tell({ type: "closed", id: message.id });
        return asked?.reject(new Error("the connection was closed at once"));
      }
      socket.allowHalfOpen = true;
      socket.on("error", () => socket.destroy());
      const onClose = () => tell({ type: "closed", id: message.id });
      socket.once(
        "close",
        guarded(onClose, () => socket.destroy()),
      );
      return asked === undefined ? void socket.destroy() : asked.resolve(socket);
    },
  };
}

/** The error for the guest, with the server's text. */
function refusal({ denied, text }: { denied: boolean; text: string }): Error {
  if (!denied) return new Error(text);
  const error = new MayflyError("egress-denied");
  error.message = text;
  return error;
}
