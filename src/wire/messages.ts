/** Parses the guest's JSON at the edge. Anything that does not match is a violation. */
import { z } from "zod";
import type { ConnectMessage, ReadyMessage, ResolveMessage, StatsMessage } from "./protocol.ts";

const version = z.int().min(1).max(1_000);
const shortText = z.string().max(256);
const longText = z.string().max(65_536);
const figure = z.number().min(0);

export const helloSchema = z.object({ protocol: z.object({ min: version, max: version }), agent: shortText });

export const readySchema = z.object({
  protocol: version,
  agent: shortText,
  node: shortText,
  kernel: z.enum(["linux", "osv", "gvisor", "host"]),
  failed: z.exactOptional(longText),
  trailers: z.exactOptional(z.boolean()),
}) satisfies z.ZodType<ReadyMessage>;

export const boundSchema = z.discriminatedUnion("ok", [
  z.object({ ok: z.literal(true) }),
  z.object({ ok: z.literal(false), message: longText }),
]);

export const statsSchema = z.object({
  cpuMs: figure,
  loopDelayMeanMs: figure,
  loopDelayMaxMs: figure,
  loopUtilization: figure,
  heapUsedBytes: figure,
  rssBytes: figure,
  inFlight: figure,
}) satisfies z.ZodType<StatsMessage>;

// Whatever the function asked for, because a caller may have chosen it. An invalid name or port is refused by egress, and does not cost the
// machine.
const host = z.string();

export const connectSchema = z.object({ host, port: z.number(), name: z.exactOptional(host) }) satisfies z.ZodType<ConnectMessage>;

export const resolveSchema = z.object({
  host,
  family: z.union([z.literal(0), z.literal(4), z.literal(6)]),
}) satisfies z.ZodType<ResolveMessage>;

/** Undefined if the payload is not JSON or does not match the schema. */
export function parseMessage<T>(schema: z.ZodType<T>, payload: Buffer): T | undefined {
  try {
    return schema.safeParse(JSON.parse(payload.toString())).data;
  } catch {
    return undefined; // text that is not JSON is as much a violation as JSON that does not match; the caller reports it
  }
}
