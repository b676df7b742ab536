/** `export default { fetch, upgrade(request, socket, head) }`: what node:http gives to listeners of the event "upgrade". */
import type { IncomingMessage } from "node:http";
import type { Failures } from "../../../agent/invocation/failures.ts";
import type { Invocation } from "../../../agent/invocation/invocation.ts";
import { UpgradeSocket } from "../web/upgrade-socket.ts";

export type UpgradeHandler = (request: unknown, socket: unknown, head: Buffer) => unknown;

/** Never throws. */
export function runUpgrade(invocation: Invocation, handler: UpgradeHandler, failures: Failures): void {
  const failed = (error: unknown) => failures.threw(invocation, error);
  try {
    const { headers } = invocation.head;
    const socket = new UpgradeSocket(invocation, failures, callerIn(headers));
    // Code that listens for no errors is not to end its machine by a caller that goes away.
    socket.on("error", () => undefined);
    Promise.resolve(handler(requestOn(socket, invocation, headers), socket, Buffer.alloc(0))).catch(failed);
  } catch (error) {
    failed(error);
  }
}

function requestOn(socket: UpgradeSocket, { head }: Invocation, headers: string[]): IncomingMessage {
  const { IncomingMessage } = process.getBuiltinModule("node:http");
  const request = new IncomingMessage(socket as never);
  const hostAt = head.url.indexOf("://") + 3;
  const pathAt = hostAt + head.url.slice(hostAt).search(/[/?]|$/);
  const [host, path] = [head.url.slice(hostAt, pathAt), head.url.slice(pathAt)];
  const named = headers.some((name, at) => at % 2 === 0 && name.toLowerCase() === "host");
  const raw = [...(named ? [] : ["host", host]), ...headers, "connection", "Upgrade", "upgrade", head.event];
  const fields = {
    method: head.method,
    url: path.startsWith("/") ? path : `/${path}`,
    httpVersion: "1.1",
    httpVersionMajor: 1,
    httpVersionMinor: 1,
  };
  Object.assign(request, fields, { rawHeaders: raw, complete: true });
  // So that headers are joined as node:http joins them.
  const joining = request as unknown as { _addHeaderLine(name: string, value: string, into: object): void };
  for (let at = 0; at < raw.length; at += 2) joining._addHeaderLine(raw[at]!, raw[at + 1]!, request.headers);
  request.push(null);
  return request;
}

/** The first address in the gateway's header, which no caller can set. */
function callerIn(headers: string[]): string | undefined {
  const at = headers.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === "x-forwarded-for");
  return at < 0 ? undefined : headers[at + 1]!.split(",", 1)[0];
}
