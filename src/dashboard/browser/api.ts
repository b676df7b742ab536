/** Requests to the API, of the session. */
import type { ErrorReply } from "../model/replies.ts";
import { isAsItSays } from "../model/route.ts";
import { heardAt } from "./server-time.ts";
import { session, setSession, tenant } from "./session.ts";

export interface Asked {
  method?: string;
  query?: Record<string, string | number | undefined>;
  body?: unknown;
  /** The name of a tenant; default: the one that is looked at. */
  tenant?: string | undefined;
  signal?: AbortSignal;
}

/** What the API answered in place of what was asked for. */
export class Refused extends Error {
  readonly code: string;
  readonly cure: string;
  readonly status: number;

  constructor(status: number, { error: { code, message, cure } }: ErrorReply) {
    super(message);
    this.code = code;
    this.cure = cure;
    this.status = status;
  }
}

const noName: ErrorReply = {
  error: { code: "bad-request", message: "Dots alone are no name.", cure: "Correct the address of this page, or the name." },
};

/** Throws Refused, or what `fetch` throws if the server cannot be reached. */
export async function ask<T>(path: string, asked: Asked = {}): Promise<T> {
  const response = await send(path, asked);
  return response.status === 204 ? (undefined as T) : ((await response.json()) as T);
}

/** As ask(), with the reply as it is. */
export async function send(path: string, { method = "GET", query = {}, body, tenant: about, signal }: Asked = {}): Promise<Response> {
  if (!isAsItSays(path)) throw new Refused(400, noName);
  const pairs = Object.entries(query).flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)]]));
  const headers = new Headers();
  const csrf = session.peek()?.csrf;
  if (csrf !== undefined) headers.set("mayfly-csrf", csrf);
  const named = about ?? tenant.peek();
  if (named !== "") headers.set("mayfly-tenant", named);
  if (body !== undefined) headers.set("content-type", "application/json");
  const response = await fetch(pairs.length === 0 ? path : `${path}?${new URLSearchParams(pairs).toString()}`, {
    method,
    headers,
    credentials: "same-origin",
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(signal && { signal }),
  });
  heardAt(response.headers.get("date"));
  if (response.ok) return response;
  const error = await refusal(response);
  // The session has ended, or its token was revoked.
  if (error.status === 401 && session.peek()?.csrf === csrf) setSession(null);
  throw error;
}

async function refusal(response: Response): Promise<Refused> {
  const unknown = { error: { code: "unknown", message: `The server answered ${response.status}.`, cure: "" } };
  const body = (await response.json().catch(() => unknown)) as ErrorReply;
  return new Refused(response.status, typeof body?.error?.code === "string" ? body : unknown);
}
