/** What the routes of invocations accept and return. */
import { z } from "@hono/zod-openapi";
import { nameSchema } from "../../store/catalog/manifest.ts";
import { KEPT_AS } from "../../store/invocations/kept-invocation.ts";

const milliseconds = z.number().openapi({ description: "Milliseconds, with a fraction." });

export const invocationParamsSchema = z.object({ app: nameSchema, invocation: z.string().min(1).max(500) });

export const invocationQuerySchema = z.strictObject({
  outcome: z
    .string()
    .regex(/^[a-z-]{1,60}$/)
    .optional()
    .openapi({
      description:
        "`failed`: an error, a status of 500 or more, or the caller went away; or an outcome, such as `replied` or `function-threw`.",
    }),
  function: nameSchema.optional(),
  slowerThan: z.coerce.number<number>().min(0).optional().openapi({ description: "Milliseconds until the reply began, waiting included." }),
  limit: z.coerce.number<number>().int().min(1).max(1_000).default(100),
});

const invocationSchema = z
  .object({
    invocation: z.string().openapi({ description: "Its id, which is the same for all attempts at the same event." }),
    function: z.string(),
    at: z.int().openapi({ description: "When it ended: milliseconds since the epoch." }),
    keptAs: z.enum(KEPT_AS).openapi({ description: "Why it was kept: it failed, it was slow, or it is one of a sample of the others." }),
    kind: z
      .enum(["http", "event", "upgrade"])
      .openapi({ description: "http: a request. event: what has none. upgrade: a connection, as of a WebSocket." }),
    source: z
      .object({ kind: z.string(), name: z.string().nullable() })
      .nullable()
      .openapi({ description: "What called the function: a schedule, a queue, a durable execution …; null: a client." }),
    attempt: z.int(),
    outcome: z.string().openapi({ description: "replied, aborted by the caller, or the code of an error." }),
    error: z.string().nullable().openapi({ description: "The error's message." }),
    status: z.int().openapi({ description: "Of the reply; 0: there was none." }),
    spans: z.object({ queue: milliseconds, start: milliseconds, bind: milliseconds, run: milliseconds }),
    slotMs: milliseconds
      .nullable()
      .openapi({ description: "From its sending to a machine until its slot was free; null: it was sent to none." }),
    machine: z.string().nullable(),
    memoryMb: z.number(),
    revision: z.string(),
    number: z.int().nullable().openapi({ description: "Of the revision; null: it is not stored any more." }),
    branch: z.string().nullable().openapi({ description: "The alias, or the revision, that the caller named; null: `live`." }),
    requestBytes: z.int(),
    replyBytes: z.int(),
    traceparent: z.string(),
  })
  .openapi("Invocation");

export const invocationListSchema = z
  .object({
    rule: z.object({ perSecond: z.int(), slowMs: z.number(), perApp: z.int() }).nullable().openapi({
      description:
        "What is kept: of an app, those that fail, those whose reply begins later than `slowMs`, and of each second the first `perSecond` others with the slowest; at most `perApp` of each of the three. null: nothing is kept.",
    }),
    invocations: z.array(invocationSchema).openapi({ description: "The newest first." }),
  })
  .openapi("InvocationList");

export const shownInvocationSchema = z
  .object({
    attempts: z.array(invocationSchema).openapi({ description: "Those that are kept, the newest first." }),
    cost: z
      .object({
        month: z.string(),
        currency: z.string(),
        calls: z.number().openapi({ description: "Of the function in this month, among which its part of the bill is divided." }),
        lines: z.array(
          z.object({
            what: z.enum(["cpu-run", "cpu-bring-up", "memory", "requests"]),
            quantity: z.number(),
            unit: z.string(),
            price: z.number(),
            cost: z.number(),
          }),
        ),
        cost: z.number(),
        wallClock: z.object({ seconds: z.number(), gbSeconds: z.number(), cost: z.number() }),
      })
      .nullable()
      .openapi({
        description:
          "Of the newest attempt: a share of what its function has on the bill; null: it was sent to no machine, or is on no bill yet.",
      }),
  })
  .openapi("ShownInvocation");
