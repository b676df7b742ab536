/** The host's settings. docs/configuration.md is their text for users; a test keeps the two in step. */
import { z } from "zod";
import { isRange } from "../../clients/addresses.ts";
import { problemOfBound } from "../../egress/bound.ts";
import { isHostEntry } from "../../doors/http/host-claims.ts";
import { writtenHostName } from "../../doors/http/host-names.ts";
import { defaultPrices } from "./prices.ts";

const address = z
  .string()
  .regex(/^(\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,5}$/, "must be host:port")
  .refine(portInRange, "must have a port of 0 to 65535");

const egressEntry = z.string().superRefine((text, context) => {
  const problem = problemOfBound(text);
  if (problem !== undefined) context.addIssue({ code: "custom", message: problem });
});

function listOf(allowed: (entry: string) => boolean, message: string) {
  return z.array(z.string().refine(allowed, message)).max(10_000).default([]);
}

const price = z.number().min(0).max(1_000_000);

export const configSchema = z.strictObject({
  /** Where functions are called. Port 0: any free one. */
  listen: address.default("127.0.0.1:8080"),
  /** Where the management API answers. */
  api: address.default("127.0.0.1:7070"),
  /** auto: qemu with KVM, else qemu with TCG. gvisor and process only by name. */
  driver: z.enum(["auto", "qemu", "gvisor", "process"]).default("auto"),
  /** What runs in the machines of the driver qemu. */
  kernel: z.enum(["linux", "osv"]).default("linux"),
  /** OSv's kernel, loader.elf; Mayfly ships none. */
  osvKernel: z.string().min(1).optional(),
  /** Catalog, token, logs, ledger. */
  stateDir: z.string().min(1),
  /** Images, templates, downloads: may be deleted at any time that Mayfly does not run. */
  cacheDir: z.string().min(1),
  /** Notes, sockets and bundles of living machines: small, in a folder for each server. */
  runDir: z.string().min(1),
  /** Revisions of an app that stay beside those that an alias names: the newest. */
  revisionsKept: z.int().min(1).max(10_000).default(10),
  /** Code of one app's revisions together, at most, MB; older revisions go first. */
  maxAppCodeMb: z.int().min(64).max(1_000_000).default(512),
  /** Code of all apps' revisions together, at most, MB. */
  maxCodeMb: z.int().min(64).max(100_000_000).default(8_192),
  /** Logs of all apps together, at most, MB; the oldest files go first. Each app has 32 at most. */
  maxLogMb: z.int().min(32).max(100_000_000).default(2_048),
  /** Blanks kept ready, at least. */
  blanks: z.int().min(0).max(1_000).default(1),
  /** Milliseconds that every machine with nothing in flight is kept, instead of what is learned from each app's past. */
  idleMs: z.int().min(0).max(86_400_000).optional(),
  /** What a second of a caller's wait is worth, in GB-seconds of memory. */
  waitWorth: z.number().min(0).max(1_000_000).default(20),
  /** Machines of all apps together, at most. */
  maxMachines: z.int().min(1).max(100_000).default(64),
  /** Memory of all machines together, at most, MB, by their sizes. Default: twice the host's, as machines share most of theirs. */
  maxMemoryMb: z.int().min(128).max(1_000_000_000).optional(),
  /** vCPUs of all machines together, at most. Default: 32 for each of the host's, as most machines wait. */
  maxVcpus: z.int().min(1).max(1_000_000).optional(),
  /** Of an image that is pulled from a store, at most, MB: its kernel, initrd and root together. */
  maxImageMb: z.int().min(1).max(1_000_000_000).default(4_096),
  /** Machines started a second, at most. */
  startsPerSecond: z.number().min(0.1).max(100_000).default(50),
  /** Milliseconds that invocations in flight get to finish at shutdown. */
  graceMs: z.int().min(0).max(900_000).default(10_000),
  /** Answer with Server-Timing and X-Mayfly-Invocation. */
  timingHeaders: z.boolean().default(true),
  /** Shared host's part of Host headers routed as <function>.<app>.<domain>; none where unset. */
  domain: z
    .string()
    .refine((name) => writtenHostName(name) !== undefined, "must be a domain name")
    .optional(),
  egress: z
    .strictObject({
      /** What apps may open by their manifests' network.allow, at most. Public addresses need no entry. */
      allow: z.array(egressEntry).max(1_000).default([]),
    })
    .prefault({}),
  appliances: z
    .strictObject({
      /** Folders of this host that appliances may be given to read, with all that is in them. */
      folders: z.array(z.string().startsWith("/", "must be an absolute path")).max(1_000).default([]),
      /** Addresses besides loopback that their ports may be published on. */
      publish: z
        .array(z.union([z.ipv4(), z.ipv6()]))
        .max(1_000)
        .default([]),
    })
    .prefault({}),
  /** Which hosts apps may list in their manifests: "host=app", "*.host=app", "host=*". */
  hosts: listOf(isHostEntry, "must be host=app, for example www.shop.example=shop"),
  /** Proxies whose X-Forwarded-… headers are believed. */
  trustedProxies: listOf(isRange, "must be an address or a range such as 10.0.0.0/8"),
  /** Open connections of one client address at the gateway, at most. Default: a quarter of what the gateway may have. */
  connectionsPerClient: z.int().min(1).max(1_000_000).optional(),
  tls: z.strictObject({ cert: z.string().min(1), key: z.string().min(1) }).optional(),
  /** What use costs, and wall time for comparison: src/base/config/prices.ts says where the defaults are from. */
  prices: z
    .strictObject({
      currency: z.string().min(1).max(20).default(defaultPrices.currency),
      vcpuSecond: price.default(defaultPrices.vcpuSecond),
      // The policy weighs CPU against it.
      gbSecond: price.positive().default(defaultPrices.gbSecond),
      request: price.default(defaultPrices.request),
      wallGbSecond: price.default(defaultPrices.wallGbSecond),
      wallRequest: price.default(defaultPrices.wallRequest),
    })
    .prefault({}),
  /** Listen beyond loopback without TLS. */
  allowInsecureBind: z.boolean().default(false),
  /** Write every policy event and command to this file, a JSON line each. */
  record: z.string().min(1).optional(),
  logLevel: z.enum(["debug", "info", "warn", "error", "silent"]).default("info"),
});

export type Config = z.infer<typeof configSchema>;

function portInRange(value: string): boolean {
  return Number(value.slice(value.lastIndexOf(":") + 1)) <= 65_535;
}
