/** What commands about work that is done later print: events, dead letters, triggers and durable executions. */
import { z } from "@hono/zod-openapi";
import * as events from "../../doors/admin/event-schemas.ts";
import * as runs from "../../doors/admin/run-schemas.ts";
import { triggerListSchema } from "../../doors/admin/trigger-schemas.ts";

const pausedFunction = z.object({ function: z.string(), paused: z.boolean() });
const pausedTrigger = z.object({ trigger: z.string(), paused: z.boolean() });

export const workOutputs = {
  "events send": events.acceptedSchema,
  "events list": events.eventListSchema,
  "events show": events.eventSchema,
  "events retry": z.object({ retried: z.string().openapi({ description: "The event's id." }) }),
  "events cancel": z.object({ cancelled: z.string().openapi({ description: "The event's id." }) }),
  "events pause": pausedFunction,
  "events resume": pausedFunction,
  "dlq list": events.eventListSchema,
  "dlq show": events.eventSchema,
  "dlq redrive": events.lettersDoneSchema,
  "dlq purge": events.lettersDoneSchema,
  "trigger list": triggerListSchema.shape.triggers,
  "trigger fire": events.acceptedSchema,
  "trigger pause": pausedTrigger,
  "trigger resume": pausedTrigger,
  "runs list": runs.runListSchema,
  "runs show": runs.runSchema,
  "runs history": runs.runHistorySchema,
  "runs answer": runs.answeredSchema,
  "runs stop": z.object({ stopped: z.string().openapi({ description: "The execution, as it was named." }) }),
};
