/**
 * The server's check of what relays send. A relay reads what strangers sent, so the server trusts it no more than them. The relay itself
 * does not load this file, because the library that checks takes 5 MB or more in each process.
 */
import { z } from "zod";
import { LINE_BYTES, LINES_AT_ONCE } from "./relay/console.ts";
import type { FromRelay } from "./relay/messages.ts";

const id = z.int().min(1);

export const fromRelaySchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("ready") }),
  z.strictObject({ type: z.literal("lines"), lines: z.array(z.string().max(LINE_BYTES)).max(LINES_AT_ONCE) }),
  z.strictObject({ type: z.literal("console-end") }),
  z.strictObject({ type: z.literal("connect"), id, host: z.string().max(300), port: z.int() }),
  z.strictObject({ type: z.literal("closed"), id }),
  z.strictObject({ type: z.literal("note"), text: z.string().max(500) }),
]) satisfies z.ZodType<FromRelay>;
