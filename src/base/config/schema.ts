/**
 * The host's settings. docs/configuration.md describes them for users; a test keeps the two in step. The file is long because all settings are one object, which is
 * read and checked at once.
 */
import { z } from "zod";
import { guestKernels } from "../kind/machine-kind.ts";
import { isRange } from "../network/addresses.ts";
import { problemOfBound } from "../network/bound.ts";
import { hostEntryOf } from "../network/host-entries.ts";
import { writtenHostName } from "../network/host-names.ts";
import { isNameServer } from "../network/name-servers.ts";
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
  /** The address on which functions are called. Port 0 means any free port. */
  listen: address.default("127.0.0.1:8080"),
  /** The address of the management API. */
  api: address.default("127.0.0.1:7070"),
  /** `auto` chooses qemu with KVM, or else qemu with TCG. gvisor and process are used only if named. */
  driver: z.enum(["auto", "qemu", "gvisor", "process"]).default("auto"),
  /** The guest kernel of machines whose app chooses none. Only the driver qemu has a choice. */
  kernel: z.enum(guestKernels).default("linux"),
  /** The file of OSv's kernel, loader.elf. Mayfly does not ship one. */
  osvKernel: z.string().min(1).optional(),
  /** The folder of the catalog, the API token, the logs and the ledger. */
  stateDir: z.string().min(1),
  /** The folder of images, templates and downloads. It may be deleted whenever Mayfly is not running. */
  cacheDir: z.string().min(1),
  /** The folder of notes, sockets and bundles of running machines: small, with a subfolder for each server. */
  runDir: z.string().min(1),
  /** Revisions of an app that stay beside those that an alias names: the newest. */
  revisionsKept: z.int().min(1).max(10_000).default(10),
  /** The maximum size of one app's revisions' code together, in MB. The oldest revisions are removed first. */
  maxAppCodeMb: z.int().min(64).max(1_000_000).default(2_048),
  /** The maximum size of all apps' revisions' code together, in MB. */
  maxCodeMb: z.int().min(64).max(100_000_000).default(8_192),
  /** The maximum size of all apps' logs together, in MB. The oldest files are removed first. Each app's own maximum is 32 MB. */
  maxLogMb: z.int().min(32).max(100_000_000).default(2_048),
  /** The maximum size of the audit log of each tenant, and of the server itself, in MB. Half of it is for calls that change nothing. */
  maxAuditMb: z.int().min(1).max(100_000).default(8),
  /** The maximum number of snapshots of revisions. Those that were used least are removed first. */
  maxSnapshots: z.int().min(0).max(10_000).default(8),
  /** The maximum size of all snapshots together, in MB, on the disk and in memory. */
  maxSnapshotMb: z.int().min(0).max(100_000_000).default(2_048),
  /** The maximum number of kinds of machines, beside the usual one, whose template is held in memory. The one that was used longest ago is given up first. */
  maxKinds: z.int().min(1).max(10_000).default(16),
  /** The minimum number of blanks kept ready. */
  blanks: z.int().min(0).max(1_000).default(1),
  /** How long every idle machine is kept, in milliseconds. If set, it replaces the times that are learned from each app's history. */
  idleMs: z.int().min(0).max(86_400_000).optional(),
  /** How many GB-seconds of memory one second of a caller's waiting is worth. */
  waitWorth: z.number().min(0).max(1_000_000).default(20),
  /** The maximum number of machines of all apps together. */
  maxMachines: z.int().min(1).max(100_000).default(64),
  /**
   * The maximum memory of all machines together, in MB, counted by their configured sizes. Default: twice the host's memory, because
   * machines share most of theirs.
   */
  maxMemoryMb: z.int().min(128).max(1_000_000_000).optional(),
  /**
   * The maximum number of vCPUs of all machines together. Default: 32 for each of the host's CPUs, because most machines wait most of the
   * time.
   */
  maxVcpus: z.int().min(1).max(1_000_000).optional(),
  /** The maximum size of an image pulled from a store, in MB: kernel, initrd and root together. */
  maxImageMb: z.int().min(1).max(1_000_000_000).default(4_096),
  /** The maximum number of machines started per second. */
  startsPerSecond: z.number().min(0.1).max(100_000).default(50),
  /** How long invocations in flight may take to finish at shutdown, in milliseconds. */
  graceMs: z.int().min(0).max(900_000).default(10_000),
  /** Whether replies carry Server-Timing and X-Mayfly-Invocation. */
  timingHeaders: z.boolean().default(true),
  /** The domain of Host headers of the forms <function>.<app>.<domain> and <function>.<app>.<tenant>.<domain>. If unset, no host is routed this way. */
  domain: z
    .string()
    .refine((name) => writtenHostName(name) !== undefined, "must be a domain name")
    .optional(),
  /** Asynchronous invocations, which are stored before they are confirmed. */
  events: z
    .strictObject({
      /** How many run at the same time, of all apps. */
      maxRunning: z.int().min(1).max(100_000).default(500),
      /** How many of an app may wait or run. */
      maxWaiting: z.int().min(0).max(100_000_000).default(1_000_000),
      /** The size of their payloads together, in MB. */
      maxWaitingMb: z.int().min(1).max(10_000_000).default(1_024),
      /** For how many days, and how many at most, those are listed that have ended. Dead letters stay until they are removed. */
      keepDays: z.number().min(0).max(3_650).default(7),
      keep: z.int().min(0).max(100_000_000).default(100_000),
      /** Of a payload, the most bytes. */
      payloadBytes: z.int().min(1).max(104_857_600).default(1_048_576),
      /** Of a result, how many bytes are kept. A longer one is not kept. */
      resultBytes: z.int().min(0).max(104_857_600).default(16_384),
    })
    .prefault({}),
  /** Key-value stores: what all those of an app, and of a tenant, may have. */
  kv: z
    .strictObject({
      appEntries: z.int().min(0).max(1e12).default(10_000_000),
      /** Of keys, values and metadata, MB. */
      appMb: z.int().min(0).max(1e9).default(1_024),
      tenantEntries: z.int().min(0).max(1e12).default(50_000_000),
      tenantMb: z.int().min(0).max(1e9).default(5_120),
      /** Redis' protocol, for the same stores. */
      redis: z
        .strictObject({
          /** The address at which it is spoken; left out: nowhere. */
          listen: address.optional(),
          /** Whether machines reach the stores of their bindings by it, at redis.services.mayfly.internal:6379. */
          machines: z.boolean().default(false),
        })
        .prefault({}),
    })
    .prefault({}),
  /** Queues of messages. */
  queues: z
    .strictObject({
      /** How many a tenant may have. */
      perTenant: z.int().min(0).max(1_000_000).default(1_000),
      /** The size of the messages in all queues of a tenant, and of an app, in MB. */
      tenantMb: z.int().min(1).max(10_000_000).default(4_096),
      appMb: z.int().min(1).max(10_000_000).default(1_024),
      /** Of one queue: messages that were received and not deleted. */
      inFlight: z.int().min(1).max(10_000_000).default(120_000),
    })
    .prefault({}),
  /** SQL databases. */
  sql: z
    .strictObject({
      /** A database, MB. */
      maxMb: z.int().min(1).max(1e6).default(1_024),
      /** What the process of a tenant's databases may take, MB. */
      memoryMb: z.int().min(128).max(1e6).default(256),
      /** What a statement, or statements that are given together, may take, seconds. */
      timeoutS: z.int().min(1).max(3_600).default(30),
      /** How long after its last copy a database that was changed is copied, before the next statement, seconds; 0: never by itself. */
      copyEveryS: z.int().min(0).max(31_536_000).default(3_600),
      /** For how many days copies stay: all of the last day, and one of each day before. */
      copyDays: z.number().min(0).max(3_650).default(7),
      /** The copies of a database together, MB. */
      copiesMb: z.int().min(1).max(1e7).default(4_096),
    })
    .prefault({}),
  /** Buckets and objects. */
  objects: z
    .strictObject({
      /** The address at which S3's protocol answers; left out: nowhere. */
      listen: address.optional(),
      /** What a tenant may have: MB of content, objects with all their versions, and buckets. */
      maxMb: z.int().min(0).max(1_000_000_000).default(102_400),
      maxObjects: z.int().min(0).max(10_000_000_000).default(10_000_000),
      maxBuckets: z.int().min(0).max(1_000_000).default(100),
    })
    .prefault({}),
  /** Durable executions: functions whose progress is stored, and that are called again to go on. */
  durable: z
    .strictObject({
      /** How many functions of executions are called at the same time, of all apps. Those that wait do not count. */
      maxRunning: z.int().min(1).max(100_000).default(500),
      /** How many executions of an app may be under way, those that wait included. */
      maxOpen: z.int().min(0).max(100_000_000).default(1_000_000),
      /** Steps, waits and so on of one execution. */
      maxOperations: z.int().min(1).max(10_000_000).default(10_000),
      /** All that is stored of one execution, in MB. */
      maxMb: z.int().min(1).max(1_000_000).default(100),
    })
    .prefault({}),
  lambda: z
    .strictObject({
      /** An address at which the AWS Lambda API answers besides `api`. */
      listen: address.optional(),
      /** The maximum size of a payload, in bytes. */
      requestBytes: z.int().min(1).max(104_857_600).default(6_291_456),
      /** The maximum size of a result that is not streamed, in bytes. */
      responseBytes: z.int().min(1).max(104_857_600).default(6_291_556),
      /** The maximum size of the payload of an asynchronous invocation, in bytes. */
      eventBytes: z.int().min(1).max(104_857_600).default(1_048_576),
      /** Milliseconds between an asynchronous invocation that failed and its next attempt; twice as long before the third. */
      retryMs: z.int().min(0).max(3_600_000).default(60_000),
    })
    .prefault({}),
  egress: z
    .strictObject({
      /** The addresses that apps may open with network.allow in their manifests. Public addresses need no entry. */
      allow: z.array(egressEntry).max(1_000).default([]),
      /** Whether the server's log tells what apps and appliances connect to. */
      log: z.boolean().default(false),
    })
    .prefault({}),
  appliances: z
    .strictObject({
      /** Folders of this host that appliances may be allowed to read, with everything inside them. */
      folders: z.array(z.string().startsWith("/", "must be an absolute path")).max(1_000).default([]),
      /** Addresses other than loopback on which appliances may publish ports. */
      publish: z
        .array(z.union([z.ipv4(), z.ipv6()]))
        .max(1_000)
        .default([]),
      /** The maximum memory of the machines of all appliances together, in MB. Default: the host's memory, because they share none of it. */
      maxMemoryMb: z.int().min(64).max(1_000_000_000).optional(),
      /** The maximum size of the disks of all appliances together, in MB. Default: half of the disk of the state folder. */
      maxDiskMb: z.int().min(16).max(1_000_000_000).optional(),
    })
    .prefault({}),
  /** Hosts that apps may list in their manifests: "host=app", "*.host=app", "host=*", "host=@tenant/app". */
  hosts: listOf((text) => hostEntryOf(text) !== undefined, "must be host=app, for example www.shop.example=shop"),
  /** The name servers that are asked whether a host is an app's; "system": those of this host. If it is empty, no app gets a host by a record of DNS. */
  proofServers: listOf(
    (text) => text === "system" || isNameServer(text),
    'must be "system", or the address of a name server such as 192.0.2.53 or 192.0.2.53:5353',
  ),
  /** The proxies whose X-Forwarded-… headers are believed. */
  trustedProxies: listOf(isRange, "must be an address or a range such as 10.0.0.0/8"),
  /** The maximum of open connections from one client address to the gateway. Default: a quarter of the gateway's maximum. */
  connectionsPerClient: z.int().min(1).max(1_000_000).optional(),
  webSockets: z
    .strictObject({
      /** How long a WebSocket may be silent in both directions, in milliseconds. Apps may ask for less. */
      idleMs: z.int().min(1).max(86_400_000).default(600_000),
      /** How long a WebSocket may last, in milliseconds. Apps may ask for less. */
      maxMs: z.int().min(1).max(2_592_000_000).default(86_400_000),
      /** How long WebSockets may go on at a machine that gets no new calls, for example after a deploy, in milliseconds. */
      drainMs: z.int().min(0).max(900_000).default(10_000),
    })
    .prefault({}),
  tls: z
    .strictObject({
      cert: z.string().min(1),
      key: z.string().min(1),
      /** The folder of certificates for hosts of apps. Other clients of the gateway get `cert`. */
      hosts: z.string().min(1).optional(),
      /** An authority that makes certificates for hosts of apps, by ACME and proofs by HTTP. */
      acme: z
        .strictObject({
          /** Where the authority says where everything is. */
          directory: z
            .string()
            .max(2_048)
            .regex(/^https:\/\/[^\s]+$/, "must be an address with https://")
            .default("https://acme-v02.api.letsencrypt.org/directory"),
          /** Told to the authority. */
          email: z.email().max(254).optional(),
          /** That the operator agrees to the authority's terms, without which it makes no certificates. */
          agreed: z.literal(true),
          /** Where the authority asks for proofs; it comes to port 80. */
          listen: address.default("0.0.0.0:80"),
          /** A PEM file of the authorities that the directory's own certificate is checked against. Default: those that the system trusts. */
          ca: z.string().min(1).optional(),
        })
        .optional(),
    })
    .optional(),
  /** What usage costs, and wall time for comparison. src/base/config/prices.ts gives the sources of the defaults. */
  prices: z
    .strictObject({
      currency: z.string().min(1).max(20).default(defaultPrices.currency),
      vcpuSecond: price.default(defaultPrices.vcpuSecond),
      // Must be above 0, because the policy divides the price of CPU by it.
      gbSecond: price.positive().default(defaultPrices.gbSecond),
      request: price.default(defaultPrices.request),
      read: price.default(defaultPrices.read),
      write: price.default(defaultPrices.write),
      storedGbMonth: price.default(defaultPrices.storedGbMonth),
      objectRead: price.default(defaultPrices.objectRead),
      objectWrite: price.default(defaultPrices.objectWrite),
      objectGbMonth: price.default(defaultPrices.objectGbMonth),
      objectOutGb: price.default(defaultPrices.objectOutGb),
      queueRequest: price.default(defaultPrices.queueRequest),
      wallGbSecond: price.default(defaultPrices.wallGbSecond),
      wallRequest: price.default(defaultPrices.wallRequest),
    })
    .prefault({}),
  /** How long the gateway's health says "draining" at a stop, while calls are still taken, in milliseconds: so a load balancer stops sending before calls are refused. */
  drainMs: z.int().min(0).max(600_000).default(0),
  /** What the server tells of itself to other tools. */
  telemetry: z
    .strictObject({
      /** Whether calls and machines are counted. */
      metrics: z.boolean().default(true),
      /** An address at which Prometheus gets the metrics without a token, and load balancers the health; left out: nowhere. */
      listen: address.optional(),
      /** Functions, and apps, with counts of their own. Further ones are counted together. */
      functions: z.int().min(1).max(100_000).default(1_000),
      /** Where traces, metrics and logs go, by OTLP. */
      otlp: z
        .strictObject({
          /** A collector that takes OTLP by HTTP and JSON; left out: nothing is exported. */
          url: z
            .string()
            .max(2_048)
            .regex(/^https?:\/\/[^\s?#]+$/, "must be an address with http:// or https://")
            .refine((text) => URL.canParse(text), "must be an address with http:// or https://")
            .refine(
              (text) => !/^https?:\/\/[^/]*@/.test(text),
              "must be without a user and a password: put what the collector asks for into telemetry.otlp.headers",
            )
            .optional(),
          headers: z
            .array(z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+=[\x20-\x7e]*$/, "must be name=value"))
            .max(100)
            .default([]),
          signals: z.array(z.enum(["traces", "metrics", "logs"])).default(["traces", "metrics", "logs"]),
          /** Whether the collector gets the lines of the server's own log as well. */
          serverLog: z.boolean().default(false),
          /** New traces that are recorded, at most. Those that callers have marked as sampled have a bound of their own, ten times as many spans. */
          tracesPerSecond: z.number().min(0).max(100_000).default(100),
          metricsMs: z.int().min(1_000).max(3_600_000).default(60_000),
        })
        .prefault({}),
    })
    .prefault({}),
  /** What is kept of invocations that are over, for lists of calls and for a call's own page. */
  invocations: z
    .strictObject({
      keep: z.boolean().default(true),
      /** Of an app, besides those that failed or were slow, and the slowest of each second. */
      perSecond: z.int().min(0).max(1_000).default(10),
      /** An invocation is slow if its reply begins later, in milliseconds. */
      slowMs: z.number().min(1).max(86_400_000).default(1_000),
      /** How many are kept of all apps. */
      most: z.int().min(1_000).max(1_000_000).default(50_000),
    })
    .prefault({}),
  /** A line for each request to the gateway. */
  accessLog: z
    .strictObject({
      /** The file; left out: nothing is written. */
      file: z.string().min(1).optional(),
      /** JSON, or the forms of web servers since NCSA's. */
      format: z.enum(["json", "common", "combined"]).default("json"),
      /** Whether lines have the queries of requests, which may hold what only their senders should know. */
      query: z.boolean().default(false),
      /** The size, in MB, at which a file is put aside. */
      maxMb: z.number().min(0.001).max(1_000_000).default(100),
      /** How many files that were put aside are kept. */
      keep: z.int().min(0).max(1_000).default(5),
    })
    .prefault({}),
  /** Allow listening beyond loopback without TLS. */
  allowInsecureBind: z.boolean().default(false),
  /** A file to which every policy event and command is written, one JSON line each. */
  record: z.string().min(1).optional(),
  logLevel: z.enum(["debug", "info", "warn", "error", "silent"]).default("info"),
});

export type Config = z.infer<typeof configSchema>;

function portInRange(value: string): boolean {
  return Number(value.slice(value.lastIndexOf(":") + 1)) <= 65_535;
}
