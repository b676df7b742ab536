/** What the routes of events and dead letters accept and return. */
import { z } from "@hono/zod-openapi";
import { nameSchema } from "../../store/catalog/manifest.ts";

const milliseconds = z.int().openapi({ description: "Milliseconds since the epoch." });
const key = z.string().min(1).max(256);
const MOST_LISTED = 500;
const MOST_DELAY_S = 31_622_400;

export const newEventSchema = z
  .strictObject({
    payload: z.unknown().optional().openapi({ description: "What the function gets as its event. Default: an empty object." }),
    version: z.string().min(1).max(64).optional().openapi({ description: "An alias or a revision. Default: `live`." }),
    delayS: z.number().min(0).max(MOST_DELAY_S).optional(),
    idempotencyKey: key.optional(),
    orderKey: key.optional(),
    priority: z.int().min(-100).max(100).optional(),
  })
  .openapi("NewEvent");

export const acceptedSchema = z
  .object({ id: z.string(), isNew: z.boolean().openapi({ description: "False if an event with this idempotency key was there already." }) })
  .openapi("AcceptedEvent");

const eventShape = {
  id: z.string(),
  function: z.string(),
  state: z.enum(["waiting", "delayed", "held", "running", "succeeded", "dead", "cancelled"]).openapi({
    description:
      "delayed: until its time, or its next attempt. held: behind another event with its order key. dead: among the dead letters.",
  }),
  source: z.object({ kind: z.string(), name: z.string().optional() }),
  acceptedAt: milliseconds,
  dueAt: milliseconds.nullable().openapi({ description: "When it runs, or runs again; null once it has ended." }),
  endedAt: milliseconds.nullable(),
  attempts: z.int().openapi({ description: "How often the function has run for it to an end." }),
  why: z.string().nullable().openapi({ description: "Why it is not done yet, or was given up." }),
};

export const eventListSchema = z
  .object({
    events: z.array(z.object(eventShape)),
    next: z.int().nullable().openapi({ description: "What `before` must be for the next page; null on the last one." }),
  })
  .openapi("EventList");
export const eventSchema = z
  .object({
    ...eventShape,
    payload: z.string().nullable().openapi({ description: "As text; null if it is not kept any more." }),
    result: z
      .string()
      .nullable()
      .openapi({ description: "What the function returned, as text; null if there is none or it was not kept." }),
    waitsFor: z.string().nullable().openapi({ description: "What it waits for, as a sentence; null once it has ended." }),
  })
  .openapi("Event");

const before = z.coerce.number().int().min(1).optional();
const limit = z.coerce.number().int().min(1).max(MOST_LISTED).default(100);
export const eventListQuerySchema = z.strictObject({ state: z.enum(["open", "ended", "all"]).default("all"), limit, before });
export const deadListQuerySchema = z.strictObject({ limit, before });
export const chosenLettersSchema = z
  .strictObject({
    ids: z.array(z.string().max(100)).min(1).max(MOST_LISTED).optional().openapi({ description: "Default: all of the app." }),
  })
  .openapi("ChosenLetters");
export const lettersDoneSchema = z.object({ count: z.int() }).openapi("LettersDone");
export const pausedSchema = z.strictObject({ paused: z.boolean() }).openapi("Paused");
export const eventParamsSchema = z.object({ app: nameSchema, event: z.string().min(1).max(100) });
export const functionParamsSchema = z.object({ app: nameSchema, function: nameSchema });
export type EventInfo = z.infer<typeof eventListSchema>["events"][number];
export type EventDetail = z.infer<typeof eventSchema>;
