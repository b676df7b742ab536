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

/** One line, with its end. */
export function accessLine(access: Access, format: AccessFormat): string {
  return `${format === "json" ? jsonLine(access) : ncsaLine(access, format === "combined")}\n`;
}

function jsonLine({ at, ms, ...rest }: Access): string {
  // Texts that are short and well formed, as nearly all are, stay as they are.
  const fields = rest as Record<string, unknown>;
  for (const name in fields) {
    const value = fields[name];
    if (typeof value === "string" && (value.length > MOST_CHARACTERS || !value.isWellFormed()))
      fields[name] = value.slice(0, MOST_CHARACTERS).toWellFormed();
  }
  return JSON.stringify({ time: new Date(at).toISOString(), ms: Math.round(ms * 1_000) / 1_000, ...fields });
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
