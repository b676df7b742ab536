/** What the routes of triggers accept and return. */
import { z } from "@hono/zod-openapi";
import { nameSchema } from "../../store/catalog/manifest.ts";

const milliseconds = z.int().openapi({ description: "Milliseconds since the epoch." });

export const triggerParamsSchema = z.object({ app: nameSchema, trigger: nameSchema });

export const fireSchema = z
  .strictObject({
    payload: z
      .unknown()
      .optional()
      .openapi({ description: "What the function gets as its event. Default: a sample of what comes for such a trigger." }),
  })
  .openapi("FireTrigger");

export const pausedTriggerSchema = z.strictObject({ paused: z.boolean() }).openapi("PausedTrigger");

const triggerSchema = z
  .object({
    name: z.string(),
    function: z.string(),
    kind: z.enum(["schedule", "webhook", "cloudevents", "kv", "bus", "queue", "bucket"]),
    definition: z.unknown().openapi({ description: "The trigger as the manifest has it, with its defaults." }),
    paused: z.boolean(),
    path: z.string().nullable().openapi({ description: "Where others send to, below the gateway's address; null if it fires by itself." }),
    nextTimes: z.array(milliseconds).openapi({ description: "The next times at which it is due, without their jitter." }),
    firesAt: milliseconds.nullable().openapi({ description: "When it fires next, with its jitter, or tries to again." }),
    last: z.object({ at: milliseconds, event: z.string() }).nullable().openapi({ description: "Its last event." }),
    why: z.string().nullable().openapi({ description: "Why it could not fire, though it is due." }),
    fired: z.int().openapi({ description: "How many events it has started." }),
    missed: z.int().openapi({ description: "How many of its times were passed over." }),
  })
  .openapi("Trigger");

export type TriggerInfo = z.infer<typeof triggerSchema>;

export const triggerListSchema = z.object({ triggers: z.array(triggerSchema) }).openapi("Triggers");
