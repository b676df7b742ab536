/**
 * A request of the host's own to a URL that an app chose. The connection goes through the rules of what apps may reach, redirects are not followed, and only so much of the
 * answer is read.
 */
import { type IncomingMessage, request } from "node:http";
import { isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { guarded } from "../base/errors/guarded.ts";

/** What makes connections for one request, and closes them. */
export interface HostConnections {
  /** Rejects where the app may not reach that. */
  connect(host: string, port: number, gone: AbortSignal): Promise<Socket>;
  close(): void;
}

export interface HostRequest {
  method: "GET" | "POST";
  url: URL;
  headers: Record<string, string>;
  body?: Uint8Array;
  /** Of the answer's body. What has more is an error, unless `isCut`: then the rest is not read. */
  mostBytes: number;
  isCut?: boolean;
  signal: AbortSignal;
}

export interface HostResponse {
  status: number;
  body: Buffer;
}

/** Rejects if there is no whole answer. @param open `isPlain`: without TLS, which only connections to what the operator lists may be */
export async function hostRequest(open: (isPlain: boolean) => HostConnections, asked: HostRequest): Promise<HostResponse> {
  const { url, signal } = asked;
  const isPlain = url.protocol === "http:";
  const connections = open(isPlain);
  try {
    const host = url.hostname.replace(/^\[|\]$/g, "");
    const socket = await connections.connect(host, Number(url.port || (isPlain ? 80 : 443)), signal);
    return await exchange(asked, isPlain ? socket : secured(socket, host));
  } finally {
    connections.close();
  }
}

function secured(socket: Socket, host: string): Socket {
  return connectTls({ socket, host, ...(isIP(host) === 0 && { servername: host }) });
}

function exchange(
  { method, url, headers, body, mostBytes, isCut = false, signal }: HostRequest,
  connection: Socket,
): Promise<HostResponse> {
  return new Promise((resolve, reject) => {
    const asked = request({
      method,
      path: `${url.pathname}${url.search}`,
      host: url.hostname,
      headers: { host: url.host, "user-agent": "mayfly", connection: "close", ...headers },
      createConnection: () => connection,
      signal,
    });
    const fail = (error: unknown) => {
      connection.destroy();
      reject(error);
    };
    connection.on("error", guarded(fail, fail));
    asked.on("error", guarded(fail, fail));
    asked.on(
      "response",
      guarded((response: IncomingMessage) => {
        bodyOf(response, mostBytes, isCut).then((bytes) => resolve({ status: response.statusCode!, body: bytes }), fail);
      }, fail),
    );
    asked.end(body);
  });
}

async function bodyOf(response: IncomingMessage, most: number, isCut: boolean): Promise<Buffer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    parts.push(part);
    bytes += part.length;
    if (bytes <= most) continue;
    if (isCut) return Buffer.concat(parts).subarray(0, most);
    throw new Error(`it has more than ${most} bytes`);
  }
  if (!response.complete) throw new Error("its answer ends early");
  return Buffer.concat(parts);
}
