/** Lines of the access log: as JSON, or in the two forms that web servers have written since NCSA's, which tools for their logs read. */

export type AccessFormat = "json" | "common" | "combined";

/** One request and its answer. What the client sent is as it sent it. */
export interface Access {
  /** When the request's head was there; wall clock, milliseconds since the epoch. */
  at: number;
  /** Until the answer was sent or the client had gone. */
  ms: number;
  /** The client's address; that which a trusted proxy reported, if one did. */
  client: string;
  method: string;
  host: string;
  /** The request's target, with its query only if the settings say so. */
  path: string;
  /** Such as "1.1". */
  version: string;
  /** 0: the client went away before there was an answer. */
  status: number;
  /** Of the answer's body, as they were sent. */
  bytes: number;
  /** Whether the client took the whole answer. */
  complete: boolean;
  tenant?: string | undefined;
  app?: string | undefined;
  function?: string | undefined;
  invocation?: string | undefined;
  trace?: string | undefined;
  /** The code of the error that the gateway answered with. */
  error?: string | undefined;
  userAgent?: string | undefined;
  referer?: string | undefined;
}

/** Of each text that a client sends, at most. */
const MOST_CHARACTERS = 2_048;

/** Makes the lines of a log: one with its end for each request. */
export function accessLines(format: AccessFormat): (access: Access) => string {
  return format === "json" ? jsonLines() : ncsaLines(format === "combined");
}

/**
 * A line costs a call about half a microsecond: JSON.stringify() of the whole, or a look at each text alone, would cost more than twice as much. So all texts
 * are looked at together, and those of nearly all requests are found to be as they are in JSON.
 */
function jsonLines(): (access: Access) => string {
  const timeOf = timesBySecond((second) => new Date(second).toISOString().slice(0, -"000Z".length));
  return (access) => {
    const { at, ms, status, bytes, complete } = access;
    const {
      client,
      method,
      host,
      path,
      version,
      tenant,
      app,
      function: name,
      invocation,
      trace,
      error,
      userAgent,
      referer,
    } = isPlain(access) ? access : escapedForJson(access);
    let line = `{"time":"${timeOf(at)}${milliseconds(at)}Z","ms":${thousandths(ms)},"client":"${client}","method":"${method}","host":"${host}"`;
    line += `,"path":"${path}","version":"${version}","status":${status},"bytes":${bytes},"complete":${complete}`;
    if (tenant !== undefined) line += `,"tenant":"${tenant}"`;
    if (app !== undefined) line += `,"app":"${app}"`;
    if (name !== undefined) line += `,"function":"${name}"`;
    if (invocation !== undefined) line += `,"invocation":"${invocation}"`;
    if (trace !== undefined) line += `,"trace":"${trace}"`;
    if (error !== undefined) line += `,"error":"${error}"`;
    if (userAgent !== undefined) line += `,"userAgent":"${userAgent}"`;
    if (referer !== undefined) line += `,"referer":"${referer}"`;
    return `${line}}\n`;
  };
}

function ncsaLines(combined: boolean): (access: Access) => string {
  const timeOf = timesBySecond(ncsaTime);
  return (access) => {
    const { at, status, bytes } = access;
    const { client, method, path, version, userAgent = "-", referer = "-" } = isPlain(access) ? access : escapedForNcsa(access);
    const line = `${client === "" ? "-" : client} - - [${timeOf(at)}] "${method} ${path} HTTP/${version}" ${status === 0 ? 499 : status} ${bytes === 0 ? "-" : bytes}`;
    return combined ? `${line} "${referer}" "${userAgent}"\n` : `${line}\n`;
  };
}

/** What no text may hold that is to stand between quotes as it is: quotes, backslashes, and what is no printable ASCII. */
const special = /[^\x20\x21\x23-\x5b\x5d-\x7e]/;

function isPlain({
  client,
  method,
  host,
  path,
  version,
  tenant,
  app,
  function: name,
  invocation,
  trace,
  error,
  userAgent,
  referer,
}: Access): boolean {
  let all = client + method + host + path + version;
  if (app !== undefined) all += app;
  if (tenant !== undefined) all += tenant;
  if (name !== undefined) all += name;
  if (invocation !== undefined) all += invocation;
  if (trace !== undefined) all += trace;
  if (error !== undefined) all += error;
  if (userAgent !== undefined) all += userAgent;
  if (referer !== undefined) all += referer;
  return all.length <= MOST_CHARACTERS && !special.test(all);
}

type Texts = { [Key in keyof Access as Access[Key] extends string | undefined ? Key : never]: Access[Key] };

function escapedForJson(access: Access): Texts {
  return textsOf(access, (text) => JSON.stringify(text.slice(0, MOST_CHARACTERS).toWellFormed()).slice(1, -1));
}

/** As Apache does: what could end the line or the quotes, and what is no printable ASCII, is written as \xhh. */
function escapedForNcsa(access: Access): Texts {
  return textsOf(access, (text) =>
    Buffer.from(text.slice(0, MOST_CHARACTERS))
      .toString("latin1")
      .replaceAll(/[^\x20-\x7e]|["\\]/g, (each) =>
        each === '"' || each === "\\" ? `\\${each}` : `\\x${each.charCodeAt(0).toString(16).padStart(2, "0")}`,
      ),
  );
}

function textsOf(
  { client, method, host, path, version, tenant, app, function: name, invocation, trace, error, userAgent, referer }: Access,
  escape: (text: string) => string,
): Texts {
  const own = (text: string) => (text.length <= MOST_CHARACTERS && !special.test(text) ? text : escape(text));
  const maybe = (text: string | undefined) => (text === undefined ? undefined : own(text));
  return {
    client: own(client),
    method: own(method),
    host: own(host),
    path: own(path),
    version: own(version),
    tenant: maybe(tenant),
    app: maybe(app),
    function: maybe(name),
    invocation: maybe(invocation),
    trace: maybe(trace),
    error: maybe(error),
    userAgent: maybe(userAgent),
    referer: maybe(referer),
  };
}

/** What is of a second is written once for all of its lines. @param write gets a second's first millisecond since the epoch */
function timesBySecond(write: (second: number) => string): (at: number) => string {
  let second = NaN;
  let text = "";
  return (at) => {
    const own = Math.floor(at / 1_000);
    if (own !== second) {
      second = own;
      text = write(own * 1_000);
    }
    return text;
  };
}

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** In UTC. */
function ncsaTime(at: number): string {
  const [year, month, day, time] = /^(\d+)-(\d+)-(\d+)T([\d:]+)/.exec(new Date(at).toISOString())!.slice(1);
  return `${day}/${months[Number(month) - 1]}/${year}:${time} +0000`;
}

const threeDigits: readonly string[] = Array.from({ length: 1_000 }, (_, number) => String(number).padStart(3, "0"));

/** Those that are beyond the last whole second. */
function milliseconds(at: number): string {
  const whole = Math.floor(at);
  return threeDigits[whole - Math.floor(whole / 1_000) * 1_000]!;
}

/** Milliseconds with three digits behind the point. */
function thousandths(ms: number): string {
  const us = Math.round(ms * 1_000);
  const whole = Math.trunc(us / 1_000);
  return `${whole}.${threeDigits[us - whole * 1_000]!}`;
}
