import { z } from "zod";
import { MOST_VALUE_BYTES, MOST_WRITES, type Write, type Written } from "../../services/kv/kv.ts";
import { bad, bodyOf, type Exchange, expiryOf, sendJson } from "./exchange.ts";

/** JSON of values in base64 is a third longer, and has keys besides. */
const MOST_JSON = 2 * MOST_VALUE_BYTES;

const version = z.int().min(0).optional();
const expiry = { expiration: z.int().optional(), expirationTtl: z.int().optional() };

const writeSchema = z.union([
  z.strictObject({
    put: z.string(),
    value: z.string(),
    base64: z.boolean().optional(),
    metadata: z.json().optional(),
    ...expiry,
    ifVersion: version,
  }),
  z.strictObject({ delete: z.string(), ifVersion: version }),
  z.strictObject({ increment: z.string(), by: z.int().default(1), ...expiry, ifVersion: version }),
]);

const batchSchema = z.array(writeSchema).min(1).max(MOST_WRITES);

/** Writes that are all made, or none. */
export async function writeBatch(exchange: Exchange): Promise<void> {
  const { kv, store, response, now, trace } = exchange;
  const body = await bodyOf(exchange, MOST_JSON);
  const at = now();
  const writes = parsed(body).map((each) => writeOf(each, at));
  sendJson(response, { results: (await kv.write(store, writes, trace)).map(shown) });
}

function parsed(body: Buffer): z.infer<typeof batchSchema> {
  let json: unknown;
  try {
    json = JSON.parse(body.toString());
  } catch {
    throw bad("the body must be JSON: a list of writes");
  }
  const { data, error } = batchSchema.safeParse(json);
  if (data === undefined) throw bad(`the body must be a list of writes: ${z.prettifyError(error).replaceAll(/\s+/g, " ").slice(0, 300)}`);
  return data;
}

function writeOf(each: z.infer<typeof writeSchema>, now: number): Write {
  if ("delete" in each) return { kind: "remove", key: each.delete, ifVersion: each.ifVersion };
  const { expiration, expirationTtl, ifVersion } = each;
  const expiresAt = expiryOf(expiration, expirationTtl, now);
  if ("increment" in each) return { kind: "add", key: each.increment, by: each.by, expiresAt, ifVersion };
  const { value, base64, metadata } = each;
  return {
    kind: "put",
    key: each.put,
    value: Buffer.from(value, base64 === true ? "base64" : "utf8"),
    metadata: metadata === undefined ? null : JSON.stringify(metadata),
    expiresAt,
    ifVersion,
  };
}

function shown({ version: made, sum }: Written): object {
  return sum === undefined ? { version: made } : { version: made, value: sum };
}
