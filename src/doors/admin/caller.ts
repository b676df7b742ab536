/** Sends a request to an endpoint of the management API. Every failure is a MayflyError, with the server's text if it has answered. */
import { Readable } from "node:stream";
import { type ErrorBody, MayflyError } from "../../base/errors/error.ts";
import { errorTable } from "../../base/errors/table.ts";
import { connectionLost } from "./connection-lost.ts";
import type { Endpoint, Reply, Sent } from "./endpoint.ts";
import { jsonLines } from "./json-lines.ts";
import { notTrusted } from "./not-trusted.ts";
import { pinnedTo } from "./pinned.ts";
import { TENANT_HEADER } from "./scope.ts";
import { createSend, type Sending } from "./send.ts";

export interface ClientOptions {
  /** For example "http://127.0.0.1:7070". */
  url: string;
  token: string;
  /** For https: the certificate that the server must have, PEM. By default any is accepted that Node trusts for the URL's name. */
  pin?: string | undefined;
  /** The name of the tenant that all requests are about. By default that of the token's principal, or `main`. */
  tenant?: string | undefined;
}

export interface Caller {
  /** Resolves with the JSON of the reply. */
  call: <At extends Endpoint>(endpoint: At, sent: Sent<At>, signal?: AbortSignal) => Promise<Reply<At>>;
  /** Resolves with the text of the reply. */
  text: (endpoint: Endpoint, sent: Parts) => Promise<string>;
  /** Resolves with the bytes of the reply. They end with "connection-lost" if the server ends before they do. */
  bytes: (endpoint: Endpoint, sent: Parts) => Promise<AsyncIterable<Uint8Array>>;
  /** Gives the reply's lines of JSON as they come, until the signal is aborted or the server ends. */
  lines: <Line>(endpoint: Endpoint, sent: Parts, signal?: AbortSignal) => AsyncGenerator<Line, void>;
}

/** What any endpoint may be sent. */
interface Parts {
  params?: Record<string, string>;
  query?: object;
  body?: unknown;
  form?: FormData;
  content?: Readable;
}

/** A server that sends nothing for this long after a request for its status counts as unreachable. */
export const STATUS_MS = 15_000;

export function createCaller({ url, token, pin, tenant }: ClientOptions): Caller {
  if (tenant !== undefined && !/^[A-Za-z0-9_-]{1,64}$/.test(tenant))
    throw new MayflyError("bad-request", { what: `${JSON.stringify(tenant)} is no name of a tenant` });
  const identity = { authorization: `Bearer ${token}`, ...(tenant !== undefined && { [TENANT_HEADER]: tenant }) };
  const base = url.replace(/\/+$/, "");
  const send = createSend(pin === undefined ? {} : pinnedTo(pin));
  const respond = async (endpoint: Endpoint, sent: Parts, signal: AbortSignal | undefined): Promise<Response> => {
    const [method, path] = endpoint.split(" ") as [string, string];
    const sending = sendingOf(method, identity, sent, signal);
    const response = await send(base + filled(path, sent), sending).catch((error: unknown) => {
      throw unreachable(base, error);
    });
    if (!response.ok) throw await remoteError(response, base);
    return response;
  };
  return {
    async call<At extends Endpoint>(endpoint: At, sent: Sent<At>, signal?: AbortSignal) {
      const response = await respond(endpoint, sent as Parts, signal);
      if (response.body === null) return undefined;
      return (await response.json().catch((error: unknown) => {
        throw connectionLost(base, error) ?? error;
      })) as Reply<At>;
    },
    async text(endpoint, sent) {
      const response = await respond(endpoint, sent, undefined);
      return response.text().catch((error: unknown) => {
        throw connectionLost(base, error) ?? error;
      });
    },
    async bytes(endpoint, sent) {
      const response = await respond(endpoint, sent, undefined);
      return whole(Readable.from(response.body ?? []), base);
    },
    async *lines<Line>(endpoint: Endpoint, sent: Parts, signal?: AbortSignal) {
      const response = await respond(endpoint, sent, signal);
      if (response.body) yield* whole(jsonLines<Line>(response.body, signal), base);
    },
  };
}

function sendingOf(
  method: string,
  headers: Record<string, string>,
  { body, form, content }: Parts,
  signal: AbortSignal | undefined,
): Sending {
  const init = { method, headers, ...(signal && { signal }) };
  if (form !== undefined) return { ...init, body: form };
  if (content !== undefined) return { ...init, headers: { ...headers, "content-type": "application/octet-stream" }, body: content };
  if (body === undefined) return init;
  return { ...init, headers: { ...headers, "content-type": "application/json" }, body: JSON.stringify(body) };
}

/** The path with its parameters filled in, and the query without undefined values. */
function filled(path: string, { params = {}, query = {} }: Parts): string {
  const at = path.replace(/\{(\w+)\}/g, (_all, name: string) => encoded(name, params[name]!));
  const pairs = Object.entries(query).flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)]]));
  return pairs.length === 0 ? at : `${at}?${new URLSearchParams(pairs).toString()}`;
}

/** Throws "bad-request" for `.` and `..`, which a URL drops together with what is before them: the request would be for something else. */
function encoded(name: string, value: string): string {
  if (value === "." || value === "..") throw new MayflyError("bad-request", { what: `${name} is "${value}", which is no name` });
  return encodeURIComponent(value);
}

/** A failure that the server reported, with the server's text. */
class RemoteError extends MayflyError {
  readonly #cure: string;

  constructor(error: ErrorBody["error"]) {
    super(error.code in errorTable ? error.code : "internal");
    this.message = error.message;
    this.#cure = error.cure;
  }

  override get cure(): string {
    return this.#cure;
  }
}

/** Throws "connection-lost" if the server ends before the stream does. */
async function* whole<T>(lines: AsyncIterable<T>, url: string): AsyncGenerator<T, void> {
  try {
    yield* lines;
  } catch (error) {
    throw connectionLost(url, error) ?? error;
  }
}

/** If a name has several addresses, Node's error has no message, and only its code has the reason. */
function unreachable(url: string, error: unknown): unknown {
  if (error instanceof Error && error.name === "AbortError") return error;
  const known = connectionLost(url, error) ?? notTrusted(url, error);
  if (known !== undefined) return known;
  if (error instanceof Error && error.name === "TimeoutError")
    return new MayflyError("api-unreachable", { url, reason: `it said nothing for ${STATUS_MS / 1_000} s` }, error);
  const reason = error instanceof Error ? error.message || (error as NodeJS.ErrnoException).code || error.name : String(error);
  return new MayflyError("api-unreachable", { url, reason }, error);
}

async function remoteError(response: Response, url: string): Promise<MayflyError> {
  const text = await response.text().catch((error: unknown) => {
    throw connectionLost(url, error) ?? error;
  });
  try {
    const { error } = JSON.parse(text) as ErrorBody;
    if (typeof error.code === "string") return new RemoteError(error);
  } catch (error) {
    return new MayflyError("api-unreachable", { url, reason: `it answered ${response.status} with no JSON; is it Mayfly's API?` }, error);
  }
  return new MayflyError("api-unreachable", { url, reason: `it answered ${response.status} in an unknown form` });
}
