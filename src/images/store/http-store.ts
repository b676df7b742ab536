/**
 * A store behind any web server that serves files. Pushing needs a server that accepts PUT, such as nginx with dav_methods or an object
 * store. The URL may contain user name and password. An interrupted transfer is tried again, and at most one chunk of it is lost.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type Clock, systemClock } from "../../base/clock/clock.ts";
import { MayflyError } from "../../base/errors/error.ts";
import type { Store } from "./store.ts";

const ATTEMPTS = 4;
const FIRST_WAIT_MS = 200;
/** The longest time without a byte; a transfer that moves at all may take as long as it needs. */
const SILENCE_MS = 30_000;
/** Only the kernel sees how far an upload has come, so an upload slower than this many bytes per second counts as silent. */
const SLOWEST_UPLOAD = 8_192;

export function createHttpStore(place: string, clock: Clock = systemClock): Store {
  const base = new URL(place.endsWith("/") ? place : `${place}/`);
  const { username, password } = base;
  base.username = base.password = "";
  const name = base.href;
  const secret = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString("base64");
  const headers = username === "" ? {} : { authorization: `Basic ${secret}` };
  const ask = (path: string, init: RequestInit, bytes = 0) => request(new URL(path, base), { ...init, headers }, bytes, clock);
  const persistently = <T>(work: () => Promise<T>) => retrying(name, work);
  return {
    name,
    read: (path, mostBytes) =>
      persistently(async () => {
        const { response, silence } = await ask(path, {});
        if (isMissing(response)) return discard(response, undefined);
        await refuseUnlessGood(response, path);
        return bodyOf(response, silence, mostBytes, (what) => new MayflyError("store-damaged", { store: name, what: `${path} ${what}` }));
      }),
    has: (path) =>
      persistently(async () => {
        const { response } = await ask(path, { method: "HEAD" });
        if (isMissing(response)) return discard(response, false);
        await refuseUnlessGood(response, path);
        return discard(response, true);
      }),
    write: (path, data) =>
      persistently(async () => {
        const { response } = await ask(path, { method: "PUT", body: data as Uint8Array<ArrayBuffer> }, data.length);
        await refuseUnlessGood(response, path);
        return discard(response, undefined);
      }),
  };
}

/** An error for which another attempt would be useless. */
class Refusal extends Error {}

async function retrying<T>(store: string, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (error instanceof MayflyError) throw error;
      if (error instanceof Refusal || attempt === ATTEMPTS) throw unreachable(store, error as Error);
      await sleep(FIRST_WAIT_MS * 2 ** (attempt - 1));
    }
  }
}

/** fetch() hides the reason in `cause`. */
function unreachable(store: string, error: Error): MayflyError {
  const { cause } = error;
  const reason = cause instanceof Error ? cause.message || cause.name : error.message;
  return new MayflyError("store-unreachable", { store, reason }, error);
}

/** @param bytes the size of the request, which must be sent before an answer can arrive */
async function request(url: URL, init: RequestInit, bytes: number, clock: Clock): Promise<{ response: Response; silence: Silence }> {
  const silence = new Silence(clock);
  silence.expect(SILENCE_MS + (bytes / SLOWEST_UPLOAD) * 1_000);
  try {
    return { response: await fetch(url, { ...init, redirect: "manual", signal: silence.signal }), silence };
  } finally {
    silence.over();
  }
}

/** Ends a transfer in which no byte moves. */
class Silence {
  readonly #clock: Clock;
  readonly #end = new AbortController();
  readonly signal = this.#end.signal;
  #cancel = () => {};

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Requires something to arrive within this time from now. */
  expect(ms: number): void {
    this.#cancel();
    const text = `nothing came for ${Math.round(ms / 1_000)} s`;
    this.#cancel = this.#clock.after(ms, () => this.#end.abort(new Error(text)));
  }

  over(): void {
    this.#cancel();
  }
}

function isMissing({ status }: Response): boolean {
  return status === 404 || status === 410;
}

async function refuseUnlessGood(response: Response, path: string): Promise<void> {
  const { ok, status, headers } = response;
  if (ok) return;
  await response.body?.cancel();
  // Redirects are not followed, because the new server is not trusted; the user must name the new address.
  if (status >= 300 && status < 400)
    throw new Refusal(`it sends us to ${headers.get("location") ?? "another place"}; name that address if it is right`);
  const text = `it answers ${status} for ${path}`;
  if (status === 405 || status === 501) throw new Refusal(`${text}: it takes no uploads; push to its folder instead`);
  if (status >= 500 || status === 429) throw new Error(text);
  throw new Refusal(text);
}

async function discard<T>(response: Response, value: T): Promise<T> {
  await response.body?.cancel();
  return value;
}

async function bodyOf(response: Response, silence: Silence, mostBytes: number, damaged: (what: string) => MayflyError): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  try {
    silence.expect(SILENCE_MS);
    for await (const part of response.body ?? []) {
      silence.expect(SILENCE_MS);
      bytes += part.length;
      if (bytes > mostBytes) throw damaged(`has more than the ${mostBytes} bytes that it may have`);
      parts.push(part);
    }
  } finally {
    silence.over();
  }
  const promised = response.headers.get("content-length");
  if (promised !== null && response.headers.get("content-encoding") === null && Number(promised) !== bytes) {
    throw new Error(`it sent ${bytes} of ${promised} bytes`);
  }
  return Buffer.concat(parts);
}
