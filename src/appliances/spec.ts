/** What an appliance is asked to be. docs/appliances.md describes it for users. */
import { z } from "zod";
import { envNameSchema, nameSchema } from "../store/catalog/manifest.ts";
import { recordOf } from "../store/catalog/record-of.ts";

const diskNameSchema = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,38}[a-z0-9]$|^[a-z]$/, "must be 1 to 40 of a-z, 0-9 and -, starting with a letter");
const port = z.int().min(1).max(65_535);
const path = z.string().regex(/^\/[^\0\n]*[^/\0\n]$/, "must be an absolute path below /, without a slash at its end");

const publishedPortSchema = z.strictObject({
  /** The address of this host on which the port listens. */
  address: z.union([z.ipv4(), z.ipv6()]).default("127.0.0.1"),
  host: port,
  guest: port,
});

const volumeSchema = z.union([
  /** A disk of the appliance's own that outlives the machine. It is made, in this size, when it is first named. */
  z.strictObject({ disk: diskNameSchema, path, sizeMb: z.int().min(16).max(16_777_216).default(1_024) }),
  /** A folder of this host as it is when the machine starts, read-only. */
  z.strictObject({ folder: z.string().startsWith("/", "must be absolute"), path }),
]);

export const applianceSpecSchema = z.strictObject({
  name: nameSchema,
  /** A name, the beginning of an id, or "latest". It is resolved once, when the appliance is made. */
  image: z.string().min(1),
  /** Replaces the image's own command. */
  command: z
    .array(z.string().refine((word) => !word.includes("\0"), "must hold no zero byte"))
    .min(1)
    .optional(),
  /** Added to the image's own variables. */
  env: recordOf(
    envNameSchema,
    z.string().refine((value) => !value.includes("\0"), "must hold no zero byte"),
  ).default({}),
  ports: z.array(publishedPortSchema).max(64).default([]),
  volumes: z.array(volumeSchema).max(16).default([]),
  /** egress: HTTP and HTTPS to public addresses, through a proxy that the variables HTTP_PROXY and HTTPS_PROXY name. */
  network: z.enum(["none", "egress"]).default("none"),
  memoryMb: z.int().min(64).max(65_536).default(256),
  vcpus: z.int().min(1).max(16).default(1),
});

export type ApplianceSpec = z.infer<typeof applianceSpecSchema>;
export type PublishedPort = z.infer<typeof publishedPortSchema>;
export type VolumeSpec = z.infer<typeof volumeSchema>;

export const APPLIANCE_STATES = [
  /** The appliance has no machine yet. */
  "starting",
  "running",
  /** The appliance failed, or may be what ended the server, and is started soon. */
  "waiting",
  "stopping",
  "stopped",
  /** The appliance's command ended with code 0. */
  "ended",
] as const;

export type ApplianceState = (typeof APPLIANCE_STATES)[number];

/** An appliance as callers see it: without the values of its variables. */
export interface ApplianceInfo {
  name: string;
  state: ApplianceState;
  /** The image's id. */
  image: string;
  command: string[];
  env: string[];
  ports: PublishedPort[];
  volumes: VolumeSpec[];
  network: ApplianceSpec["network"];
  memoryMb: number;
  vcpus: number;
  /** The machine that runs now. */
  machine: string | null;
  ageMs: number;
  memoryBytes: number;
  cpuUs: number;
  /** The number of starts after failures, since this server or a user started the appliance. */
  restarts: number;
  /** How the appliance's last machine ended; null if none has ended. */
  lastEnd: string | null;
  /** Milliseconds since the epoch. */
  createdAt: number;
}
