/** What the routes of queues accept and return. */
import { z } from "@hono/zod-openapi";
import { nameSchema } from "../../store/catalog/manifest.ts";
import { queueNameSchema } from "../../store/catalog/binding-schema.ts";

const DAY_S = 86_400;
const count = z.int();
const seconds = z.number();
const at = z.iso.datetime();

export const queueParamsSchema = z.object({ queue: queueNameSchema });
export const queueListQuerySchema = z.strictObject({
  app: nameSchema.optional(),
  after: queueNameSchema.optional(),
  limit: z.coerce.number().int().min(1).max(200).default(100),
});
export const peekQuerySchema = z.strictObject({ limit: z.coerce.number().int().min(1).max(100).default(10) });

const settings = {
  visibilityS: seconds
    .min(0)
    .max(43_200)
    .optional()
    .openapi({ description: "How long a received message is kept from others. Default: 30." }),
  delayS: seconds.min(0).max(900).optional(),
  retentionS: seconds
    .min(60)
    .max(14 * DAY_S)
    .optional()
    .openapi({ description: "How long a message is kept. Default: 4 days." }),
  deadLetters: z
    .strictObject({ queue: queueNameSchema, maxReceives: z.int().min(1).max(1_000) })
    .optional()
    .openapi({ description: "The queue that gets messages which were received this often and not deleted." }),
  contentDedup: z.boolean().optional().openapi({ description: "Of a FIFO queue: messages with the same text in 5 minutes count as one." }),
};

export const newQueueSchema = z
  .strictObject({ name: queueNameSchema, app: nameSchema.optional().openapi({ description: "With which it goes." }), ...settings })
  .openapi("NewQueue");

export const queueSchema = z
  .object({
    name: z.string(),
    app: z.string().nullable(),
    fifo: z.boolean(),
    visible: count,
    inFlight: count.openapi({ description: "Received, and neither deleted nor visible again." }),
    delayed: count,
    bytes: count,
    visibilityS: seconds,
    delayS: seconds,
    retentionS: seconds,
    deadLetters: z.object({ queue: z.string(), maxReceives: count }).nullable(),
    sharedWith: z.array(z.string()).openapi({ description: "Other apps that may send, receive and delete messages." }),
    createdAt: at,
  })
  .openapi("Queue");
export const queueListSchema = z.object({ queues: z.array(queueSchema) }).openapi("QueueList");

export const sharingSchema = z.strictObject({ apps: z.array(nameSchema).max(100) }).openapi("QueueSharing");

export const newMessageSchema = z
  .strictObject({
    body: z.string().min(1),
    group: z.string().min(1).max(128).optional().openapi({ description: "Of a FIFO queue: within which messages keep their order." }),
    dedupId: z.string().min(1).max(128).optional(),
    delayS: seconds.min(0).max(900).optional(),
  })
  .openapi("NewQueueMessage");
export const sentMessageSchema = z.object({ id: z.string() }).openapi("SentQueueMessage");

export const peekedSchema = z
  .object({
    messages: z.array(
      z.object({
        id: z.string(),
        body: z.string(),
        group: z.string().optional(),
        from: z.string().optional().openapi({ description: "Of a dead letter: the queue that gave it up." }),
        receives: count,
        sentAt: at,
        visibleAt: at,
      }),
    ),
  })
  .openapi("QueueMessages");

export const redriveQueueSchema = z
  .strictObject({
    to: queueNameSchema.optional().openapi({ description: "Left out: each message goes back to the queue that gave it up." }),
    perSecond: z.int().min(1).max(500).optional(),
  })
  .openapi("QueueRedrive");
export const moveSchema = z.object({ id: z.string(), total: count }).openapi("QueueMove");
export const purgedSchema = z.object({ count }).openapi("PurgedQueue");
