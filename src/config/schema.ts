/** The host's settings. docs/configuration.md is their text for users. */
import { z } from "zod";

const address = z.string().regex(/^(\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,5}$/, "must be host:port");

export const configSchema = z.strictObject({
  /** Where functions are called. */
  listen: address.default("127.0.0.1:8080"),
  /** Where the management API answers. */
  api: address.default("127.0.0.1:7070"),
  /** auto: qemu with KVM, else qemu with TCG. gvisor and process only by name. */
  driver: z.enum(["auto", "qemu", "gvisor", "process"]).default("auto"),
  /** Catalog, token, logs, ledger. */
  stateDir: z.string().min(1),
  /** Images, templates, downloads: may be deleted at any time that Mayfly does not run. */
  cacheDir: z.string().min(1),
  /** Blanks kept ready. */
  blanks: z.int().min(0).max(1_000).default(2),
  /** Milliseconds that a machine with nothing in flight is kept. */
  idleMs: z.int().min(0).default(60_000),
  /** Machines of all apps together, at most. */
  maxMachines: z.int().min(1).default(64),
  /** Answer with Server-Timing and X-Mayfly-Invocation. */
  timingHeaders: z.boolean().default(true),
  /** Shared host's part of Host headers routed as <function>.<app>.<domain>; none where unset. */
  domain: z.string().min(1).optional(),
  tls: z.strictObject({ cert: z.string(), key: z.string() }).optional(),
  /** Listen beyond loopback without TLS. */
  allowInsecureBind: z.boolean().default(false),
  /** Write every policy event and command to this file, a JSON line each. */
  record: z.string().optional(),
  logLevel: z.enum(["debug", "info", "warn", "error", "silent"]).default("info"),
});

export type Config = z.infer<typeof configSchema>;
