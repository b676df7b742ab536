/** The key `mounts` of mayfly.json: NFS exports and buckets, and what they mean for the machine's kernel. docs/nfs.md describes it for users. */
import { z } from "zod";
import { parseIp } from "../../base/network/ip.ts";
import { serviceHost } from "../../base/network/internal.ts";
import type { MountMessage } from "../../wire/protocol.ts";
import { askedBucket, type Bindings, bucketNameSchema } from "./binding-schema.ts";
import { nameSchema } from "./name-schema.ts";

/** In bytes: what the kernel takes of a path, with some room. */
const MOST_OF_PATH = 1_000;
const MOST_OF_OPTIONS = 1_000;
export const MOST_MOUNTS = 8;

const NFS_PORT = 2_049;
/** The port of mountd on servers that let it have a usual one. NFS 3 alone asks it. */
const MOUNTD_PORT = 20_048;

/** Flags of mount(2), by option: the bit, and whether the option sets or clears it. As with mount(8), the last word on a bit holds. */
const flags: Record<string, [bit: number, set: boolean]> = {
  ro: [1, true],
  rw: [1, false],
  noexec: [8, true],
  exec: [8, false],
  sync: [16, true],
  async: [16, false],
  noatime: [1_024, true],
  nodiratime: [2_048, true],
};
/** Words without a value that the kernel takes as they are. */
const ownWords = new Set([
  "hard",
  "soft",
  "softerr",
  "softreval",
  "nosoftreval",
  "ac",
  "noac",
  "cto",
  "nocto",
  "rdirplus",
  "nordirplus",
  "sharecache",
  "nosharecache",
]);
const numbers = new Set(["timeo", "retrans", "rsize", "wsize", "acregmin", "acregmax", "acdirmin", "acdirmax", "actimeo"]);
const versions = ["3", "4.0", "4.1", "4.2"];

const whatNfs = `must be a server and the path of its export, such as "nfs.example.com:/export", without spaces, . and .. and of at most ${MOST_OF_PATH} bytes; an IPv6 address stands in brackets`;
const whatPath = "must be a path at or below /data, /mnt or /srv, such as /data, without . and ..";

/** Where the machine's code finds the files. */
const path = z
  .string()
  .max(MOST_OF_PATH)
  .regex(/^\/(data|mnt|srv)(\/(?!\.{1,2}(\/|$))[\w.@+-]{1,255})*$/, whatPath);

const nfsMountSchema = z.strictObject({
  /** "server:/export" */
  nfs: z.string().refine((text) => parseSource(text) !== undefined, whatNfs),
  path,
  /** As mount(8) takes them, with commas between them. */
  options: z
    .string()
    .max(MOST_OF_OPTIONS)
    .superRefine((text, context) => {
      const what = problemOfOptions(text);
      if (what !== undefined) context.addIssue({ code: "custom", message: what });
    })
    .optional(),
});

const bucketMountSchema = z.strictObject({
  /** A bucket that the app's bindings name. Its objects are files, for reading. */
  bucket: bucketNameSchema,
  /** The app whose bucket it is, as the binding has it. Left out: the app itself. */
  of: nameSchema.optional(),
  path,
});

export const mountSchema = z.union([nfsMountSchema, bucketMountSchema]);

type Mount = z.infer<typeof mountSchema>;
type NfsMount = z.infer<typeof nfsMountSchema>;

/** At which machines find the buckets of their mounts. */
export const BUCKETS_PORT = NFS_PORT;
/** What changed in a bucket is seen within a second. */
const BUCKET_OPTIONS = `vers=3,port=${BUCKETS_PORT},mountport=${BUCKETS_PORT},ro,hard,actimeo=1`;

/** The place of the first bucket that no binding names. */
export function unboundBucket(mounts: Mount[], bindings: Bindings): number | undefined {
  const bound = new Set(Object.values(bindings).flatMap((binding) => ("bucket" in binding ? [askedBucket(binding)] : [])));
  const at = mounts.findIndex((mount) => "bucket" in mount && !bound.has(askedBucket(mount)));
  return at < 0 ? undefined : at;
}

/** A bucket's mount as one of the server that the host itself is. */
function asNfs(mount: Mount): NfsMount {
  if ("nfs" in mount) return mount;
  return { nfs: `${serviceHost("nfs")}:/${askedBucket(mount)}`, path: mount.path, options: BUCKET_OPTIONS };
}

/** @returns the first two paths of which one is, or lies below, the other */
export function overlapping(mounts: Mount[]): [string, string] | undefined {
  const paths = mounts.map(({ path }) => path);
  for (const [at, path] of paths.entries())
    for (const other of paths.slice(at + 1))
      if (`${path}/`.startsWith(`${other}/`) || `${other}/`.startsWith(`${path}/`)) return [path, other];
  return undefined;
}

/** What the mounts of NFS exports connect to, as entries of an allow list. */
export function serversOf(mounts: Mount[]): string[] {
  const outside = mounts.filter((mount) => "nfs" in mount);
  return [...new Set(outside.flatMap((mount) => portsOf(mount).map((port) => `${bracketed(serverOf(mount))}:${port}`)))];
}

/** What the agent is told. Each server stands for an address of the machine's loopback, from where the bytes are carried to the host. */
export function mountMessages(mounts: Mount[]): MountMessage[] {
  return mounts.map(asNfs).map((mount, at) => {
    const { version, port, mountPort, words, flagBits } = optionsOf(mount);
    const address = `127.77.0.${at + 1}`;
    const ofVersion =
      version === "3"
        ? [`mountaddr=${address}`, `mountport=${mountPort}`, "mountproto=tcp", "mountvers=3", "nolock"]
        : // Servers cannot connect to a machine, so they are not to give it what they would have to call back.
          version === "4.0"
          ? ["clientaddr=0.0.0.0"]
          : [];
    const options = [`vers=${version}`, `addr=${address}`, `port=${port}`, "proto=tcp", "sec=sys", "noresvport", ...ofVersion, ...words];
    return {
      server: serverOf(mount),
      address,
      ports: portsOf(mount),
      source: mount.nfs,
      path: mount.path,
      flags: flagBits,
      options: options.join(","),
    };
  });
}

function serverOf({ nfs }: NfsMount): string {
  return parseSource(nfs)!.server;
}

function portsOf(mount: NfsMount): number[] {
  const { version, port, mountPort } = optionsOf(mount);
  return version === "3" && mountPort !== port ? [port, mountPort] : [port];
}

function bracketed(server: string): string {
  return server.includes(":") ? `[${server}]` : server;
}

function parseSource(text: string): { server: string } | undefined {
  const {
    v6,
    host,
    path = "",
  } = /^(?:\[(?<v6>[0-9a-fA-F:.]+)\]|(?<host>[\w.-]{1,253})):(?<path>\/[^\s\p{Cc}]*)$/u.exec(text)?.groups ?? {};
  // An export is what it reads as.
  if (Buffer.byteLength(text) > MOST_OF_PATH || path.split("/").some((name) => name === "." || name === "..")) return undefined;
  if (v6 !== undefined) return parseIp(v6) === undefined ? undefined : { server: v6 };
  return host === undefined ? undefined : { server: host };
}

interface MountOptions {
  version: string;
  port: number;
  mountPort: number;
  flagBits: number;
  /** Those that the kernel takes as they are. */
  words: string[];
}

function optionsOf({ options = "" }: NfsMount): MountOptions {
  const found: MountOptions = { version: "4.1", port: NFS_PORT, mountPort: MOUNTD_PORT, flagBits: 0, words: [] };
  for (const word of wordsOf(options)) {
    const [name, value] = word.split("=", 2) as [string, string?];
    if (name === "vers" || name === "nfsvers") found.version = value === "4" ? "4.0" : value!;
    else if (name === "port") found.port = Number(value);
    else if (name === "mountport") found.mountPort = Number(value);
    else if (Object.hasOwn(flags, name)) found.flagBits = withFlag(found.flagBits, flags[name]!);
    else if (!impliedWords.has(word)) found.words.push(word);
  }
  return found;
}

function withFlag(bits: number, [bit, set]: [number, boolean]): number {
  return set ? bits | bit : bits & ~bit;
}

/** What holds for all mounts, and may be written all the same. */
const impliedWords = new Set(["nosuid", "nodev", "nolock", "sec=sys", "proto=tcp", "tcp", "noresvport"]);

function wordsOf(options: string): string[] {
  return options.split(",").filter((word) => word !== "");
}

function problemOfOptions(options: string): string | undefined {
  const wrong = wordsOf(options).find((word) => !isAllowed(word));
  if (wrong !== undefined)
    return `must not have ${JSON.stringify(wrong.slice(0, 100))}: allowed are ro, rw, vers=${versions.join("|")}, port, mountport, hard, soft and others that docs/nfs.md lists`;
  return undefined;
}

function isAllowed(word: string): boolean {
  const [name, value, ...more] = word.split("=");
  if (more.length > 0) return false;
  if (value === undefined) return Object.hasOwn(flags, word) || ownWords.has(word) || impliedWords.has(word);
  if (name === "vers" || name === "nfsvers") return versions.includes(value) || value === "4";
  if (name === "port" || name === "mountport") return /^[1-9]\d{0,4}$/.test(value) && Number(value) <= 65_535;
  if (name === "lookupcache") return ["all", "none", "pos", "positive"].includes(value);
  if (name === "nconnect") return /^[1-8]$/.test(value);
  return impliedWords.has(word) || (numbers.has(name!) && /^\d{1,9}$/.test(value));
}
