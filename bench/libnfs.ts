/** Debian's libnfs, an NFS client in user space: what a host compares with whose kernel cannot mount NFS exports. It keeps nothing of what it has read. */
import { dlopen, toString } from "node:ffi";
import { constants } from "node:fs";
import { join } from "node:path";
import { loadConfig } from "../src/base/config/load.ts";
import { fetchProgramRoot, imageSuite } from "../src/images/debian/program-root.ts";
import { type Files, sizes } from "./apps/nfs/workload.ts";

/** Bytes of a struct nfs_stat_64, with some room, and where the file's size is in it. */
const STAT_BYTES = 256;
const SIZE_AT = 56;

type Library = ReturnType<typeof load>;

/** The files of an export by NFS 3. Debian's version of the library cannot write large files with NFS 4. */
export async function openLibnfs(server: string, path: string): Promise<Files> {
  const root = await fetchProgramRoot({ suite: imageSuite, packages: ["libnfs13"], cacheDir: loadConfig({}).cacheDir });
  return filesOf(load(join(root, "usr/lib/x86_64-linux-gnu/libnfs.so.13")), server, path);
}

function load(file: string) {
  return dlopen(file, {
    nfs_init_context: { arguments: [], return: "pointer" },
    nfs_set_version: { arguments: ["pointer", "i32"], return: "i32" },
    nfs_get_error: { arguments: ["pointer"], return: "pointer" },
    nfs_mount: { arguments: ["pointer", "string", "string"], return: "i32" },
    nfs_creat: { arguments: ["pointer", "string", "i32", "buffer"], return: "i32" },
    nfs_open: { arguments: ["pointer", "string", "i32", "buffer"], return: "i32" },
    nfs_pread: { arguments: ["pointer", "pointer", "u64", "u64", "buffer"], return: "i32" },
    nfs_pwrite: { arguments: ["pointer", "pointer", "u64", "u64", "buffer"], return: "i32" },
    nfs_fsync: { arguments: ["pointer", "pointer"], return: "i32" },
    nfs_close: { arguments: ["pointer", "pointer"], return: "i32" },
    nfs_stat64: { arguments: ["pointer", "string", "buffer"], return: "i32" },
    nfs_unlink: { arguments: ["pointer", "string"], return: "i32" },
  }).functions;
}

function filesOf(library: Library, server: string, path: string): Files {
  const context = library.nfs_init_context();
  const checked = (result: number) => {
    if (result < 0) throw new Error(`libnfs: ${toString(library.nfs_get_error(context))}`);
    return result;
  };
  checked(library.nfs_set_version(context, 3));
  checked(library.nfs_mount(context, server, path));
  const buffer = Buffer.alloc(sizes.piece, "0123456789abcdef");
  const opened = (open: (handle: Buffer) => number) => {
    const handle = Buffer.alloc(8);
    checked(open(handle));
    return handle.readBigUInt64LE();
  };
  return {
    write(name, bytes) {
      const file = opened((handle) => library.nfs_creat(context, `/${name}`, 0o644, handle));
      for (let at = 0; at < bytes;)
        at += checked(library.nfs_pwrite(context, file, BigInt(at), BigInt(Math.min(bytes - at, buffer.length)), buffer));
      checked(library.nfs_fsync(context, file));
      checked(library.nfs_close(context, file));
    },
    read(name) {
      const file = opened((handle) => library.nfs_open(context, `/${name}`, constants.O_RDONLY, handle));
      let bytes = 0;
      for (let got; (got = checked(library.nfs_pread(context, file, BigInt(bytes), BigInt(buffer.length), buffer))) > 0;) bytes += got;
      checked(library.nfs_close(context, file));
      return bytes;
    },
    stat(name) {
      const stat = Buffer.alloc(STAT_BYTES);
      checked(library.nfs_stat64(context, `/${name}`, stat));
      return Number(stat.readBigUInt64LE(SIZE_AT));
    },
    remove: (name) => void checked(library.nfs_unlink(context, `/${name}`)),
  };
}
