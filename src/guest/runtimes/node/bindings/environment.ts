import type { BindMessage } from "../../../../wire/protocol.ts";
import { R2Bucket } from "./bucket/bucket.ts";
import { D1Database } from "./d1-database.ts";
import { KVNamespace } from "./kv-namespace.ts";
import { Queue } from "./queue.ts";

/** What code in the style of Cloudflare gets as `env`: variables, secrets and bindings. */
export function environmentOf({ env, bindings }: Pick<BindMessage, "env" | "bindings">): Record<string, unknown> {
  if (bindings === undefined) return env;
  return { ...env, ...Object.fromEntries(Object.entries(bindings).map(([name, binding]) => [name, serviceOf(binding)])) };
}

/** Each kind of service has its class here. */
function serviceOf(binding: NonNullable<BindMessage["bindings"]>[string]): object {
  if ("sql" in binding) return new D1Database(binding.sql);
  if ("kv" in binding) return new KVNamespace(binding.kv);
  return "queue" in binding ? new Queue(binding.queue) : new R2Bucket(binding.bucket);
}
