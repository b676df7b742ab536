/** What the routes of calls accept and return. */
import { z } from "@hono/zod-openapi";
import { nameSchema } from "../../store/catalog/manifest.ts";

const milliseconds = z.number().openapi({ description: "Milliseconds, with a fraction." });

export const callParamsSchema = z.object({ app: nameSchema, invocation: z.string().min(1).max(200) });

export const calledFunctionSchema = z.object({ app: nameSchema, function: nameSchema });

const methodSchema = z
  .string()
  .max(40)
  .regex(/^[A-Z-]+$/, "must be a method of HTTP, in capitals")
  .refine((method) => method !== "CONNECT" && method !== "TRACE", "must not be CONNECT or TRACE, which no function gets");
const headerSchema = z.tuple([
  z
    .string()
    .max(200)
    .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, "must be a header's name"),
  z
    .string()
    .max(8_192)
    .regex(/^[\t\x20-\x7e\x80-\xff]*$/, "must have neither line breaks nor characters beyond Latin-1"),
]);

export const functionCallSchema = z
  .strictObject({
    method: methodSchema.default("GET"),
    path: z
      .string()
      .max(8_192)
      .regex(/^\/[\x21\x22\x24-\x7e]*$/, "must begin with a slash, and have characters of a URL only, without #")
      .default("/")
      .openapi({ description: "As the function sees it, with its query." }),
    headers: z.array(headerSchema).max(100).default([]).openapi({
      description: "Names and values. Those that the gateway sets, such as Host and Content-Length, are left out.",
    }),
    body: z.string().optional(),
    base64: z.boolean().default(false).openapi({ description: "Whether `body` is in base64." }),
    version: z.string().min(1).max(64).optional().openapi({ description: "An alias or a revision. Default: `live`." }),
  })
  .openapi("FunctionCall");

export const functionReplySchema = z
  .object({
    invocation: z.string().nullable().openapi({ description: "The call's id; null if it was refused before it had one." }),
    status: z.int(),
    headers: z.array(z.tuple([z.string(), z.string()])),
    body: z.string().openapi({ description: "At most a MiB of it, in base64." }),
    bytes: z.int().openapi({ description: "The size of the whole body." }),
    error: z.string().nullable().openapi({ description: "The code of Mayfly's own error; null: the function answered." }),
    ms: milliseconds.openapi({ description: "From the call to the end of the reply." }),
    timing: z
      .object({ queue: milliseconds, start: milliseconds, bind: milliseconds, run: milliseconds })
      .nullable()
      .openapi({ description: "What the call waited for, and how long it ran until its reply began; null if there was none." }),
  })
  .openapi("FunctionReply");

export const holdSchema = z
  .strictObject({ forMs: z.int().min(1).max(60_000).openapi({ description: "The calls go on after this time at the latest." }) })
  .openapi("HoldCalls");

const recentCallSchema = z
  .object({
    invocation: z.string(),
    function: z.string(),
    at: z.int().openapi({ description: "When it ended: milliseconds since the epoch." }),
    kind: z.enum(["http", "event", "upgrade"]).openapi({
      description:
        "http: a request. event: what has no HTTP request, such as a trigger or a message of a queue. upgrade: a connection, as of a WebSocket.",
    }),
    method: z.string().nullable(),
    path: z.string().nullable().openapi({ description: "As the function saw it, with the query." }),
    status: z.int().openapi({ description: "0 if there was no reply." }),
    outcome: z.string().openapi({ description: "replied, aborted by the caller, or the code of an error." }),
    error: z.string().nullable().openapi({ description: "The error's message." }),
    spans: z.object({ queue: milliseconds, start: milliseconds, bind: milliseconds, run: milliseconds }),
    machine: z.string().nullable(),
    revision: z.string(),
    requestBytes: z.int(),
    replyBytes: z.int(),
  })
  .openapi("RecentCall");

export const recentCallListSchema = z.object({ calls: z.array(recentCallSchema) }).openapi("RecentCalls");

export type RecentCall = z.infer<typeof recentCallSchema>;

export const replayedSchema = z
  .object({
    invocation: z.string().openapi({ description: "The id of the new call." }),
    status: z.int(),
    headers: z.array(z.tuple([z.string(), z.string()])),
    body: z.string().openapi({ description: "At most a MiB of it, in base64." }),
    bytes: z.int().openapi({ description: "The size of the whole body." }),
  })
  .openapi("Replayed");
