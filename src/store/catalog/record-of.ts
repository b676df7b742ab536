import { z } from "zod";

/**
 * z.record() for objects whose keys are names that users choose. Zod silently leaves out a key `__proto__`, so that a variable of that name
 * would vanish; here it is a key like any other, checked and kept as the object's own.
 */
export function recordOf<Key extends z.core.$ZodRecordKey, Value extends z.ZodType>(key: Key, value: Value): z.ZodRecord<Key, Value> {
  const schema = z.record(key, value);
  const entry = z.tuple([key as never, value]);
  const run = schema._zod.run.bind(schema._zod);
  schema._zod.run = (payload, context) => {
    const given = payload.value;
    const result = run(payload, context);
    if (typeof given !== "object" || given === null || !Object.hasOwn(given, SPECIAL)) return result;
    if (result instanceof Promise) throw new TypeError("records are checked synchronously");
    const parsed = entry.safeParse([SPECIAL, given[SPECIAL as never]]);
    if (parsed.success) Object.defineProperty(result.value, SPECIAL, { value: parsed.data[1], ...ORDINARY });
    else for (const issue of parsed.error.issues) result.issues.push({ ...issue, input: given, path: [SPECIAL, ...issue.path.slice(1)] });
    return result;
  };
  return schema;
}

const SPECIAL = "__proto__";
const ORDINARY = { writable: true, enumerable: true, configurable: true };
