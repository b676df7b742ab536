/** The key `bindings` of mayfly.json: the services that the app's functions reach, by the names that its code knows them by. docs/kv.md describes it for users. */
import { z } from "zod";
import { nameSchema } from "./name-schema.ts";
import { recordOf } from "./record-of.ts";

/** The most bindings of an app. */
const MOST = 100;

/** Each kind of service is one member, whose only key says the kind and whose value says which of the app's own it is. */
const bindingSchema = z.union([
  /** A key-value store of the app. */
  z.strictObject({ kv: nameSchema }),
]);

/** @param key of a name that can be a variable's, too */
export function bindingsSchema(key: z.ZodString) {
  return recordOf(key, bindingSchema).refine((bindings) => Object.keys(bindings).length <= MOST, `must have at most ${MOST} entries`);
}

export type Binding = z.infer<typeof bindingSchema>;
export type Bindings = Record<string, Binding>;

/** The first binding that has the name of a variable or a secret. Code in the style of Cloudflare gets all three in one object. */
export function alsoVariable(bindings: Bindings, env: Record<string, string>, secrets: readonly string[]): string | undefined {
  return Object.keys(bindings).find((name) => Object.hasOwn(env, name) || secrets.includes(name));
}
