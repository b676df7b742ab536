/** The key `shares` of mayfly.json: what of the app's own other apps of its tenant reach. docs/kv.md and docs/objects.md describe it for users. */
import { z } from "zod";
import { bucketNameSchema } from "./binding-schema.ts";
import { nameSchema } from "./name-schema.ts";

/** The most entries of an app. */
const MOST = 100;

/** The name of an app. */
const receiver = nameSchema;
const access = z.enum(["read", "write"]).default("read");

/** Each kind of service is one member, as in bindings. */
const shareSchema = z.union([
  /** A key-value store of the app. */
  z.strictObject({ kv: nameSchema, with: receiver, access }),
  /** A bucket of the app. */
  z.strictObject({ bucket: bucketNameSchema, with: receiver, access }),
]);

export const sharesSchema = z.array(shareSchema).max(MOST).optional();

export type Share = z.infer<typeof shareSchema>;
