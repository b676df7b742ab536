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

/** Makes the lines of a log: one with its end for each request. A line costs a call less than 1 µs as JSON. */
export function accessLines(format: AccessFormat): (access: Access) => string {
  if (format !== "json") return (access) => `${ncsaLine(access, format === "combined")}\n`;
  const timeOf = isoTimes();
  // JSON.stringify() of the whole costs twice as much.
  return ({ at, ms, client, method, host, path, version, status, bytes, complete, ...rest }) =>
    `{"time":"${timeOf(at)}","ms":${thousandths(ms)},"client":${quoted(client)},"method":${quoted(method)},"host":${quoted(host)}` +
    `,"path":${quoted(path)},"version":${quoted(version)},"status":${status},"bytes":${bytes},"complete":${complete}` +
    `${member("tenant", rest.tenant)}${member("app", rest.app)}${member("function", rest.function)}` +
    `${member("invocation", rest.invocation)}${member("trace", rest.trace)}${member("error", rest.error)}` +
    `${member("userAgent", rest.userAgent)}${member("referer", rest.referer)}}\n`;
}

function member(name: string, value: string | undefined): string {
  return value === undefined ? "" : `,"${name}":${quoted(value)}`;
}

/** Texts that are as they are in JSON, as nearly all are. */
const plain = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

function quoted(text: string): string {
  return text.length <= MOST_CHARACTERS && plain.test(text) ? `"${text}"` : JSON.stringify(text.slice(0, MOST_CHARACTERS).toWellFormed());
}

/** Milliseconds with three digits behind the point. */
function thousandths(ms: number): string {
  const us = Math.round(ms * 1_000);
  return `${Math.trunc(us / 1_000)}.${threeDigits(us % 1_000)}`;
}

function threeDigits(number: number): string {
  return number < 10 ? `00${number}` : number < 100 ? `0${number}` : String(number);
}

/** Times as toISOString() has them. What is of the same second is written once for all of its lines. */
function isoTimes(): (at: number) => string {
  let second = NaN;
  let text = "";
  return (at) => {
    const own = Math.floor(at / 1_000);
    if (own !== second) {
      second = own;
      text = new Date(own * 1_000).toISOString().slice(0, -"000Z".length);
    }
    return `${text}${threeDigits(Math.floor(at) - own * 1_000)}Z`;
  };
}

function ncsaLine({ at, client, method, path, version, status, bytes, userAgent, referer }: Access, combined: boolean): string {
  const request = `"${escaped(`${method} ${path} HTTP/${version}`)}"`;
  const line = `${escaped(client) || "-"} - - [${ncsaTime(at)}] ${request} ${status === 0 ? 499 : status} ${bytes === 0 ? "-" : bytes}`;
  return combined ? `${line} "${escaped(referer ?? "-")}" "${escaped(userAgent ?? "-")}"` : line;
}

/** As Apache does: what could end the line or the quotes, and what is no printable ASCII, is written as \xhh. */
function escaped(text: string): string {
  const bytes = Buffer.from(text.slice(0, MOST_CHARACTERS)).toString("latin1");
  return bytes.replaceAll(/[^\x20-\x7e]|["\\]/g, (each) =>
    each === '"' || each === "\\" ? `\\${each}` : `\\x${each.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
}

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** In UTC. */
function ncsaTime(at: number): string {
  const [year, month, day, time] = /^(\d+)-(\d+)-(\d+)T([\d:]+)/.exec(new Date(at).toISOString())!.slice(1);
  return `${day}/${months[Number(month) - 1]}/${year}:${time} +0000`;
}
