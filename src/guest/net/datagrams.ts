/** UDP does not cross the wire, so sending fails at once, instead of losing packets silently. */
import dgram, { type Socket } from "node:dgram";
import { networkError } from "./failure.ts";
import { isLocal } from "./local.ts";

type Send = (this: Socket, ...parameters: unknown[]) => void;

export function captureDatagrams(): void {
  const { prototype } = dgram.Socket as unknown as { prototype: { send: Send; connect: Send } };
  prototype.send = guarded(prototype.send, "send");
  prototype.connect = guarded(prototype.connect, "connect");
}

/** The address is the last text among the arguments; a message that is text comes before it. */
function guarded(native: Send, syscall: string): Send {
  return function (...parameters) {
    const address = parameters.findLast((value, at) => at > 0 && typeof value === "string") as string | undefined;
    if (address === undefined || isLocal(address)) return Reflect.apply(native, this, parameters);
    const error = networkError("ENOTSUP", syscall, address, "there is no UDP from inside a machine");
    const callback = parameters.at(-1);
    if (typeof callback === "function") process.nextTick(callback, error);
    else process.nextTick(() => this.emit("error", error));
  };
}
