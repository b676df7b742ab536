/** The key `shares` of mayfly.json: what of the app's own other apps of its tenant reach. docs/kv.md describes it for users. */
import { z } from "zod";
import { nameSchema } from "./name-schema.ts";

/** The most entries of an app. */
const MOST = 100;

/** Each kind of service is one member, as in bindings. */
const shareSchema = z.union([
  z.strictObject({
    /** A key-value store of the app. */
    kv: nameSchema,
    /** The name of an app. */
    with: nameSchema,
    access: z.enum(["read", "write"]).default("read"),
  }),
]);

export const sharesSchema = z.array(shareSchema).max(MOST).optional();

export type Share = z.infer<typeof shareSchema>;
