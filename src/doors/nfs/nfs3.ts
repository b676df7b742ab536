/** NFS 3 (RFC 1813) and its protocol of mounts, for reading: whatever changes something is answered with ROFS. */
import { asMayflyError } from "../../base/errors/error.ts";
import { type BucketTree, type Entry, type FileNode, type FolderNode, type Node, numberOf } from "./bucket-tree.ts";
import { ReadingPlaces } from "./reading-places.ts";
import type { Procedure, Program } from "./rpc.ts";
import { NfsError, Status } from "./status.ts";
import { BadMessage, type XdrReader, XdrWriter } from "./xdr.ts";

/** When all folders were made, as they say: a bucket has none, so that there is no such time. */
const FOLDER_SECONDS = 946_684_800;

/** Seconds and nanoseconds. Two versions of one key may be of the same millisecond. */
function timeOf({ modifiedAt, seq }: FileNode): [seconds: number, nanoseconds: number] {
  return [Math.floor(modifiedAt / 1_000), (modifiedAt % 1_000) * 1_000_000 + (seq % 1_000_000)];
}

export interface Export {
  tree: BucketTree;
  /** Differs from that of every other bucket of the machine. */
  number: bigint;
}

export interface Nfs3Options {
  /** Undefined: the machine has no such mount. @param path as a mount names it */
  exportOf: (path: string) => Export | undefined;
  /** Undefined: there is none of that number. */
  exportAt: (number: bigint) => Export | undefined;
  /** Called with failures that are not the caller's fault. */
  onError: (error: unknown) => void;
}

const NFS = 100_003;
const MOUNT = 100_005;
const VERSION = 3;
const MOST_OF_HANDLE = 64;
const MOST_OF_NAME = 1_024;
/** Of one read, bytes. */
const MOST_READ = 262_144;
/** Of one page of a folder, bytes. */
const MOST_PAGE = 65_536;
const MOST_ENTRIES = 500;
const [REGULAR, FOLDER] = [1, 2];
const AUTH_SYS = 1;
/** Read, look up and execute: what access() may be answered with. */
const ACCESS = 0x0001 | 0x0002 | 0x0020;
const HOMOGENEOUS = 0x8;
const ATTRIBUTES = 84;

/** A handle with whose it is. */
interface Found {
  of: Export;
  node: Node;
}

export function nfs3({ exportOf, exportAt, onError }: Nfs3Options): readonly Program[] {
  const places = new ReadingPlaces();

  async function found(call: XdrReader): Promise<Found> {
    const handle = call.opaque(MOST_OF_HANDLE);
    const of = handle.length < 9 ? undefined : exportAt(handle.readBigUInt64BE(0));
    if (of === undefined) throw new NfsError(Status.badHandle);
    return { of, node: await of.tree.nodeOf(handle.subarray(8)) };
  }

  async function folderOf(call: XdrReader): Promise<{ of: Export; node: FolderNode }> {
    const { of, node } = await found(call);
    if (node.kind === "file") throw new NfsError(Status.notFolder);
    return { of, node };
  }

  async function fileOf(call: XdrReader): Promise<{ of: Export; node: FileNode }> {
    const { of, node } = await found(call);
    if (node.kind === "folder") throw new NfsError(Status.isFolder);
    return { of, node };
  }

  const attributes = async (reply: XdrWriter, { of, node }: Found): Promise<XdrWriter> => {
    const isFile = node.kind === "file";
    const size = BigInt(isFile ? node.size : 4_096);
    // A folder's time changes with whatever changes in the bucket, so that clients list it again.
    const time = isFile ? timeOf(node) : [FOLDER_SECONDS, (await of.tree.changes()) % 1e9];
    return reply
      .u32(isFile ? REGULAR : FOLDER, isFile ? 0o444 : 0o555, isFile ? 1 : 2, 0, 0)
      .u64(size, size)
      .u32(0, 0)
      .u64(of.number, numberOf(node))
      .u32(...time, ...time, ...time);
  };
  const withAttributes = (reply: XdrWriter, what: Found) => attributes(reply.u32(1), what);
  const handleOf = async ({ of, node }: Found) => {
    const head = Buffer.alloc(8);
    head.writeBigUInt64BE(of.number, 0);
    return Buffer.concat([head, await of.tree.handleOf(node)]);
  };

  /** @param absent how many words of what is not told follow the status of an error */
  const doing =
    (absent: number, work: (call: XdrReader, reply: XdrWriter) => Promise<void>): Procedure =>
    async (call, reply) => {
      const results = new XdrWriter();
      try {
        await work(call, results);
        reply.u32(Status.ok).append(results);
      } catch (error) {
        if (error instanceof BadMessage) throw error;
        reply.u32(statusOf(error, onError), ...absentWords(absent));
      }
    };
  const refusing =
    (status: number, absent: number): Procedure =>
    (_call, reply) =>
      void reply.u32(status, ...absentWords(absent));

  const getAttributes = doing(0, async (call, reply) => void (await attributes(reply, await found(call))));

  const lookUp = doing(1, async (call, reply) => {
    const { of, node: folder } = await folderOf(call);
    const node = await of.tree.find(folder, call.opaque(MOST_OF_NAME).toString());
    reply.opaque(await handleOf({ of, node }));
    await withAttributes(reply, { of, node });
    await withAttributes(reply, { of, node: folder });
  });

  const access = doing(1, async (call, reply) => {
    const what = await found(call);
    (await withAttributes(reply, what)).u32(call.u32() & ACCESS);
  });

  const read = doing(1, async (call, reply) => {
    const { of, node } = await fileOf(call);
    const [offset, count] = [call.u64(), call.u32()];
    const from = offset > BigInt(node.size) ? node.size : Number(offset);
    const bytes = await of.tree.read(node, from, Math.min(count, MOST_READ));
    const isAtEnd = from + bytes.length >= node.size;
    (await withAttributes(reply, { of, node })).u32(bytes.length, Number(isAtEnd)).opaque(bytes);
  });

  /** @param isPlus whether entries have their attributes and handles */
  const list = (isPlus: boolean) =>
    doing(1, async (call, reply) => {
      const { of, node: folder } = await folderOf(call);
      const cookie = call.u64();
      call.fixed(8);
      if (isPlus) call.u32();
      const most = Math.min(call.u32(), MOST_PAGE) - ATTRIBUTES - 32;
      (await withAttributes(reply, { of, node: folder })).u64(0n);
      const { entries, isLast } = await places.from(of, folder, cookie, entriesIn(most, isPlus));
      let at = cookie;
      for (const entry of entries) {
        const written = await entryOf(of, entry, at + 1n, isPlus);
        if (reply.length + written.length > most) break;
        reply.append(written);
        at++;
      }
      const told = Number(at - cookie);
      if (told === 0 && entries.length > 0) throw new NfsError(Status.tooSmall);
      if (told > 0) places.passed(of, folder, at, entries[told - 1]!);
      reply.u32(0, Number(isLast && told === entries.length));
    });

  async function entryOf(of: Export, { name, node }: Entry, cookie: bigint, isPlus: boolean): Promise<XdrWriter> {
    const entry = new XdrWriter().u32(1).u64(numberOf(node)).opaque(Buffer.from(name)).u64(cookie);
    if (isPlus) (await withAttributes(entry, { of, node })).u32(1).opaque(await handleOf({ of, node }));
    return entry;
  }

  const LARGE = 1n << 50n;
  const sizes = doing(1, async (call, reply) => {
    (await withAttributes(reply, await found(call))).u64(LARGE, 0n, 0n, LARGE, 0n, 0n).u32(0);
  });
  const info = doing(1, async (call, reply) => {
    (await withAttributes(reply, await found(call)))
      .u32(MOST_READ, MOST_READ, 4_096, 4_096, 4_096, 4_096, MOST_PAGE)
      .u64(LARGE)
      .u32(0, 1, HOMOGENEOUS);
  });
  const path = doing(1, async (call, reply) => {
    (await withAttributes(reply, await found(call))).u32(1, 255, 1, 1, 0, 1);
  });

  const nothing: Procedure = () => {};
  const readOnly = (absent: number) => refusing(Status.readOnly, absent);
  const files = new Map<number, Procedure>([
    [0, nothing],
    [1, getAttributes],
    [2, readOnly(2)],
    [3, lookUp],
    [4, access],
    [5, refusing(Status.invalid, 1)],
    [6, read],
    // Writes, what makes and removes files and folders, and what names them.
    ...[7, 8, 9, 10, 11, 12, 13].map((number): [number, Procedure] => [number, readOnly(2)]),
    [14, readOnly(4)],
    [15, readOnly(3)],
    [16, list(false)],
    [17, list(true)],
    [18, sizes],
    [19, info],
    [20, path],
    [21, readOnly(2)],
  ]);

  const mounted: Procedure = async (call, reply) => {
    const of = exportOf(call.opaque(MOST_OF_NAME).toString());
    if (of === undefined) reply.u32(Status.noEntry);
    else
      reply
        .u32(Status.ok)
        .opaque(await handleOf({ of, node: of.tree.root }))
        .u32(1, AUTH_SYS);
  };
  const noList: Procedure = (_call, reply) => void reply.u32(0);
  const mounts = new Map<number, Procedure>([
    [0, nothing],
    [1, mounted],
    [2, noList],
    [3, nothing],
    [4, nothing],
    [5, noList],
  ]);
  return [
    { program: NFS, version: VERSION, procedures: files },
    { program: MOUNT, version: VERSION, procedures: mounts },
  ];
}

/** How many entries a page may have, about. At least one, however few bytes a client has room for: it learns then that they are too few. */
function entriesIn(bytes: number, isPlus: boolean): number {
  return Math.max(1, Math.min(MOST_ENTRIES, 1 + Math.floor(bytes / (isPlus ? 150 : 30))));
}

/** Each says that something is not told. */
function absentWords(count: number): number[] {
  return Array.from({ length: count }, () => 0);
}

function statusOf(error: unknown, onError: (error: unknown) => void): number {
  if (error instanceof NfsError) return error.status;
  const { code } = asMayflyError(error);
  if (code === "store-busy") return Status.tryLater;
  if (code === "no-such-bucket") return Status.stale;
  if (code === "object-key-needed") return Status.denied;
  onError(error);
  return Status.io;
}
