/** The tool that calls a function. Its reply is hostile: it may be endless, and anything may be in it. */
import type { IncomingMessage } from "node:http";
import { z } from "zod";
import { MayflyError } from "../../base/errors/error.ts";
import { bodyFailure, type Call, callOnce } from "../call.ts";
import type { Gateway } from "../connection.ts";

/** With another host, the call would be another app's; with another length, what is left of the body would be a request of its own. */
const ofConnection = new Set([
  "connection",
  "content-length",
  "expect",
  "host",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

export const callSchema = z.strictObject({
  app: z.string().min(1).max(100).describe("the app's name"),
  function: z.string().min(1).max(100),
  path: z.string().max(8_192).default("").describe("below the function, with a query if there is one: /notes/1?full=1"),
  method: z
    .string()
    .regex(/^(?!connect$)[A-Za-z]{1,20}$/i, "must be a method of HTTP, and not CONNECT")
    .default("GET"),
  headers: z
    .record(
      z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,200}$/),
      z
        .string()
        .max(8_192)
        .regex(/^[\t\x20-\x7e\x80-\xff]*$/, "must be of Latin letters, in one line"),
    )
    .refine((all) => !Object.keys(all).some((name) => ofConnection.has(name.toLowerCase())), {
      message: `may have none of ${[...ofConnection].join(", ")}: whoever sends the request sets these`,
    })
    .default({}),
  body: z.string().max(4_000_000).optional(),
});

/** Of the reply's body; the rest is not read. Bytes. */
const MOST_BODY = 40_000;

export async function callFunction({ url, pin }: Gateway, given: z.output<typeof callSchema>, signal: AbortSignal): Promise<object> {
  const { app, function: name, path, method, headers, body } = given;
  const below = path === "" || /^[/?]/.test(path) ? path : `/${path}`;
  const target = urlBelow(`${new URL(`${url}/`).href}${encodeURIComponent(app)}/${encodeURIComponent(name)}`, below);
  const call: Call = {
    url: target,
    pin,
    method: method.toUpperCase(),
    headers: Object.entries(headers),
    body: body === undefined ? undefined : Buffer.from(body),
    signal,
  };
  const response = await callOnce(call);
  const { text, isWhole } = await beginningOf(response).catch((error: unknown) => {
    throw bodyFailure(call, error);
  });
  return {
    status: response.statusCode,
    headers: response.headers,
    body: text,
    ...(isWhole ? {} : { note: `only the first ${MOST_BODY} bytes of the body were read` }),
  };
}

/** URLs drop `..` together with what is before it: who lets an agent call one function is not to let it call another. */
function urlBelow(root: string, below: string): URL {
  const target = URL.parse(root + below);
  const rest = target?.href.startsWith(root) === true ? target.href.slice(root.length) : ".";
  if (target === null || URL.parse(root)?.href !== root || !/^(?:[/?#]|$)/.test(rest))
    throw new MayflyError("not-done", { what: "that is no path below the function" });
  return target;
}

async function beginningOf(response: IncomingMessage): Promise<{ text: string; isWhole: boolean }> {
  const parts: Buffer[] = [];
  let bytes = 0;
  // Leaving the loop ends the connection.
  for await (const part of response as AsyncIterable<Buffer>) {
    parts.push(part);
    bytes += part.length;
    if (bytes > MOST_BODY) break;
  }
  return { text: Buffer.concat(parts).subarray(0, MOST_BODY).toString(), isWhole: bytes <= MOST_BODY };
}
