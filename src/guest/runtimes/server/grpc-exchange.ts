/**
 * One call of gRPC, which is spoken over HTTP/2 only, as a stream to the program: its reply's trailers say how it went. Bytes go both ways as they come, no faster
 * than the other side takes them.
 */
import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders } from "node:http2";
import type { Failures } from "../../agent/invocation/failures.ts";
import type { Invocation } from "../../agent/invocation/invocation.ts";
import type { Outlet } from "../../agent/invocation/outlet.ts";
import type { Program } from "../program/program.ts";
import { isRefused } from "./refused.ts";
import { requestOptions } from "./request-options.ts";

/** Milliseconds. The connections of a program that ends are closed before its end is known. */
const END_MS = 250;
/** NGHTTP2_FLAG_END_STREAM. */
const END_STREAM = 1;
/** Headers that are for one connection only; HTTP/2 has others for that. */
const connectionOnly = new Set(["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "te", "host"]);

export function isGrpc({ head }: Invocation): boolean {
  const { headers } = head;
  const at = headers.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === "content-type");
  return at >= 0 && /^application\/grpc(?:$|[;+])/i.test(headers[at + 1]!);
}

/** The one connection to a program over which all calls go. It is made when it is first needed, and again when it was closed. */
export class GrpcConnection {
  readonly #address: string;
  #session: ClientHttp2Session | null = null;

  constructor(host: string, port: number) {
    this.#address = `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
  }

  request(headers: Record<string, string | string[]>): ClientHttp2Stream {
    return this.#open().request(headers, { endStream: false });
  }

  #open(): ClientHttp2Session {
    if (this.#session !== null && !this.#session.closed && !this.#session.destroyed) return this.#session;
    const session = process.getBuiltinModule("node:http2").connect(this.#address);
    // What has failed is told to each stream.
    session.on("error", () => undefined);
    session.on("close", () => {
      if (this.#session === session) this.#session = null;
    });
    this.#session = session;
    return session;
  }
}

export interface GrpcParts {
  connection: GrpcConnection;
  program: Pick<Program, "isGone">;
  failures: Failures;
  /** Called when the program takes no connections. */
  refused: () => Promise<unknown>;
  /** Called when the invocation has ended. */
  over: () => void;
}

export function beginGrpc(invocation: Invocation, { connection, program, failures, refused, over }: GrpcParts): void {
  let outlet: Outlet | null = null;
  let trailers: string[] = [];
  let isOver = false;
  let isFailing = false;
  const end = (last: () => void) => {
    if (isOver) return;
    isOver = true;
    invocation.onAbort = null;
    last();
    over();
  };
  const fail = (error: Error) =>
    void setTimeout(() => {
      if (!program.isGone) end(() => failures.threw(invocation, error));
    }, END_MS);
  const failLater = async (error: Error) => {
    await refused();
    fail(error);
  };
  let stream: ClientHttp2Stream;
  try {
    stream = connection.request(headersFor(invocation));
  } catch (error) {
    return end(() => failures.threw(invocation, error));
  }
  invocation.onAbort = () => stream.close(process.getBuiltinModule("node:http2").constants.NGHTTP2_CANCEL);
  stream.on("response", (headers, flags) => {
    // A reply without a body has to stay one: what says how the call went is among its headers then.
    if ((flags & END_STREAM) !== 0) return end(() => invocation.reply(Number(headers[":status"]), rawOf(headers), null));
    outlet = invocation.begin(Number(headers[":status"]), rawOf(headers));
    if (outlet === null) return stream.close();
    outlet.onDrain = () => stream.resume();
    stream.on("data", (chunk: Buffer) => {
      if (!outlet!.write(chunk)) stream.pause();
    });
  });
  stream.on("trailers", (headers) => (trailers = rawOf(headers)));
  stream.on("end", () => {
    if (outlet !== null) setImmediate(() => end(() => outlet!.end(invocation.sendable(trailers))));
  });
  stream.on("error", (error) => {
    if (invocation.aborted) return;
    isFailing = true;
    if (isRefused(error)) void failLater(error);
    else fail(error);
  });
  stream.on("close", () => {
    if (invocation.aborted) end(() => invocation.settle());
    else if (outlet === null && !isOver && !isFailing)
      fail(new Error("The program closed the stream of a call of gRPC before it had replied"));
  });
  const { body } = invocation;
  body.consume({
    data: (chunk) => void stream.write(chunk, () => body.taken(chunk.length)),
    end: () => stream.end(),
    error: () => undefined,
  });
}

function headersFor(invocation: Invocation): Record<string, string | string[]> {
  const { method, path, headers: given } = requestOptions(invocation);
  const list = given as string[];
  const headers: Record<string, string | string[]> = { ":method": method!, ":path": path!, ":scheme": "http", te: "trailers" };
  for (let at = 0; at < list.length; at += 2) {
    const name = list[at]!.toLowerCase();
    if (name === "host") headers[":authority"] = list[at + 1]!;
    if (connectionOnly.has(name)) continue;
    const known = headers[name];
    headers[name] = known === undefined ? list[at + 1]! : [known, list[at + 1]!].flat();
  }
  return headers;
}

function rawOf(headers: IncomingHttpHeaders): string[] {
  return Object.entries(headers).flatMap(([name, value]) => {
    if (value === undefined || name.startsWith(":")) return [];
    return [value].flat().flatMap((each) => [name, each]);
  });
}
