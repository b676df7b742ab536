/**
 * Apps' files that are too large for the catalog's tables and for machines' channels. They are written once, at deploy, and machines read them where they
 * lie. `open-large-files.ts` implements this.
 */
import type { FilesForm } from "../../base/kind/files-form.ts";
import type { FileEntry } from "../../wire/protocol.ts";

/** Files with more bytes than this, or that cost a machine as much, are large: decisions/large-files-on-disks.md has the measurements. */
const SMALL_BYTES = 524_288;
/** What each file costs a machine that writes it, in bytes that it writes in the same time. */
const FILE_COST = 4_096;
/** The most bytes of an app's files. */
export const MOST_BYTES = 2 ** 30;

export function areLarge(files: number, bytes: number): boolean {
  return bytes + files * FILE_COST > SMALL_BYTES;
}

/** An upload's files on the disk, which belong to no revision yet. */
export interface LargeDraft {
  /** By it the files are found: it depends on the list and the contents alone. */
  readonly digest: string;
  readonly entries: FileEntry[];
  /** Of the list and the contents. */
  readonly bytes: number;
  /** Bytes on the disk, about. */
  readonly stored: number;
  /** Puts the files where they are found by their digest. If they are there already, undamaged, the draft is given up. */
  keep(): Promise<void>;
  /** Removes what keep() has not put in place. */
  discard(): Promise<void>;
}

/** What an upload's part of files turns out to be. */
export type Received = { bundle: Uint8Array } | { draft: LargeDraft };

export interface IncomingFiles {
  /**
   * Takes the next bytes. Resolves when it can take more, with how many bytes it has let go of: they are on the disk, and not in memory any more. Rejects with "bad-request", "code-too-large", "disk-full", and with "too-many-uploads" if
   * it does not fit beside the others in progress.
   */
  push(chunk: Uint8Array): Promise<number>;
  /** Rejects with "bad-request" if something is missing. */
  end(): Promise<Received>;
  /** Removes what was written, once a push() or an end() that is under way has ended. Called if the upload fails; nothing is taken after that. */
  discard(): Promise<void>;
}

export interface LargeFiles {
  /**
   * Takes files as an upload brings them: u32 (little-endian) length of the list, the list, the contents. Small ones stay in memory.
   * @param holder of what all uploads in progress may take, each holder gets a share
   * @param app where the state folder goes with the server, files are links to those that this app had at the same paths. Left out: they are not
   */
  receive(holder: string, app?: string): IncomingFiles;
  /** The files of this digest as machines read them. Rejects with "state-damaged" if they are not there, and "disk-full" if this form cannot be made. */
  path(digest: string, form: FilesForm): Promise<string>;
  /** The length of their list, in bytes. Throws "state-damaged". */
  listBytes(digest: string): number;
  /** Their list, then their contents. Throws "state-damaged" at the end if they are not what was deployed. */
  read(digest: string): AsyncIterable<Uint8Array>;
  /** Removes the files soon. Machines that read them must be gone. */
  remove(digest: string): void;
  /** Removes what a killed server has left: what has none of these digests, and the older of two forms of what has. */
  removeOthers(digests: Set<string>): void;
  /** Resolves when all that was to be removed is. */
  settled(): Promise<void>;
}
