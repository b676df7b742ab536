/** What the routes of recent calls accept and return. */
import { z } from "@hono/zod-openapi";
import { nameSchema } from "../../store/catalog/manifest.ts";

const milliseconds = z.number().openapi({ description: "Milliseconds, with a fraction." });

export const callParamsSchema = z.object({ app: nameSchema, invocation: z.string().min(1).max(200) });

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
