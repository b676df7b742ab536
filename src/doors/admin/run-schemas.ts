/** What the routes of durable executions accept and return. */
import { z } from "@hono/zod-openapi";
import { nameSchema } from "../../store/catalog/manifest.ts";

const milliseconds = z.int().openapi({ description: "Milliseconds since the epoch." });
const statusSchema = z.enum(["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "STOPPED"]);
const errorSchema = z
  .strictObject({
    ErrorMessage: z.string().max(10_000).optional(),
    ErrorType: z.string().max(1_000).optional(),
    ErrorData: z.string().max(10_000).optional(),
    StackTrace: z.array(z.string()).max(100).optional(),
  })
  .openapi("RunError");

const runShape = {
  id: z.string(),
  name: z.string(),
  function: z.string(),
  version: z.string().openapi({ description: "`$LATEST`, or the version of the Lambda API that it runs." }),
  status: statusSchema,
  startedAt: milliseconds,
  endedAt: milliseconds.nullable(),
  timesOutAt: milliseconds.nullable().openapi({ description: "When it is ended because it has taken too long; null once it has ended." }),
};

export const runListSchema = z
  .object({
    runs: z.array(z.object(runShape)),
    next: z.int().nullable().openapi({ description: "What `before` must be for the next page; null on the last one." }),
  })
  .openapi("RunList");

export const runSchema = z
  .object({
    ...runShape,
    why: z.string().openapi({ description: "Why it has not ended, for people; empty if it has. A program reads `waitsFor`." }),
    waitsFor: z
      .array(
        z.object({
          type: z.string(),
          status: z.string(),
          name: z.string().nullable(),
          dueAt: milliseconds.nullable().openapi({ description: "When it ends by itself; null: when somebody else has done something." }),
          callbackId: z.string().nullable(),
        }),
      )
      .openapi({ description: "At most 20." }),
    isCalled: z.boolean().openapi({ description: "Whether its function is being called now." }),
    calledAgainAt: milliseconds.nullable().openapi({ description: "When its function is to be called next, if that is known." }),
    calls: z.int().openapi({ description: "How often its function was called." }),
    operations: z.int(),
    events: z.int().openapi({ description: "Of its history." }),
    bytes: z.int().openapi({ description: "All that is stored of it, about." }),
    input: z.string().nullable(),
    result: z.string().nullable(),
    error: z.union([errorSchema, z.null()]),
  })
  .openapi("Run");

export const runHistorySchema = z
  .object({
    events: z.array(
      z.object({
        number: z.int(),
        at: milliseconds,
        type: z.string().openapi({ description: "As in AWS's history of a durable execution, such as StepSucceeded." }),
        operation: z
          .object({ id: z.string(), parent: z.string().nullable(), name: z.string().nullable(), subType: z.string().nullable() })
          .nullable(),
        details: z.record(z.string(), z.unknown()).openapi({ description: "As AWS has them. Times are milliseconds since the epoch." }),
      }),
    ),
    next: z.int().nullable().openapi({ description: "What `after` must be for the next page; null on the last one." }),
  })
  .openapi("RunHistory");

const page = z.coerce.number().int().min(1).optional();
export const runListQuerySchema = z.strictObject({
  function: nameSchema.optional(),
  status: statusSchema.optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
  before: page,
});
export const runHistoryQuerySchema = z.strictObject({ limit: z.coerce.number().int().min(1).max(1_000).default(1_000), after: page });
export const runParamsSchema = z.object({ app: nameSchema, run: z.string().min(1).max(100) });
export const stopRunSchema = z.strictObject({ error: errorSchema.optional() }).openapi("StopRun");
export const answerRunSchema = z
  .strictObject({
    callback: z
      .string()
      .min(1)
      .max(1_024)
      .optional()
      .openapi({ description: "Its name or its id; needed if the execution waits for several." }),
    result: z.string().optional().openapi({ description: "What the function gets. At most 256 KiB." }),
    error: errorSchema.optional().openapi({ description: "The callback fails with it." }),
  })
  .refine(({ result, error }) => result === undefined || error === undefined, "has a result or an error, not both")
  .openapi("AnswerRun");
export const answeredSchema = z.object({ id: z.string(), name: z.string().nullable() }).openapi("AnsweredCallback");
export type RunInfo = z.infer<typeof runListSchema>["runs"][number];
