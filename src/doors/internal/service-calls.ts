/** Requests of machines to services of the platform: hands each to the door of its service, and sees to it that it ends. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { guarded } from "../../base/errors/guarded.ts";
import { asMayflyError, MayflyError } from "../../base/errors/error.ts";
import { refuse } from "../http/refuse.ts";
import type { ServiceCaller, ServiceDoor } from "./service-door.ts";

export function answerService(door: ServiceDoor, caller: ServiceCaller, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const left = new AbortController();
  const leave = () => left.abort();
  response.once("close", guarded(leave, leave));
  return door.answer(caller, request, response, left.signal).catch((error: unknown) => {
    if (response.headersSent) response.destroy();
    else refuse(response, asMayflyError(error), undefined, !request.complete);
  });
}

/** Throws "upgrade-not-supported" for WebSockets. Other upgrades are passed over, as HTTP allows: Java's client offers HTTP/2 with each request. */
export function assertPlain({ headers }: IncomingMessage): void {
  const protocol = headers.upgrade;
  if (protocol !== undefined && /\bwebsocket\b/i.test(protocol))
    throw new MayflyError("upgrade-not-supported", { protocol: protocol.slice(0, 100) });
}
