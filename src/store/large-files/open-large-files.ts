/**
 * Large files on the disk, beside the catalog.
 *
 * Owns: the folder `files` of the state folder. In it, each app's files have a folder named by their digest, in which are
 * | name | what |
 * | --- | --- |
 * | list | the list of the files, as it was uploaded |
 * | image, folder | the files, in one of the two forms; the other one is made, and replaces it, if machines need it |
 *
 * 1. A folder with a digest's name is complete: it is written under another name, made safe on the disk, and renamed.
 * 2. What is to be removed gets another name first, so that the same files can be deployed again meanwhile.
 * 3. While a backup is made, nothing is removed; the next start does it.
 * 4. Both kinds of other names are removed at the next start, and so is the older form of files that have both: the newer one was about to replace it.
 */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, renameSync, statSync } from "node:fs";
import { mkdir, open, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { MayflyError } from "../../base/errors/error.ts";
import type { Clock } from "../../base/clock/clock.ts";
import { Shares } from "../../clients/shares.ts";
import type { FilesForm } from "../../base/kind/files-form.ts";
import type { FileEntry } from "../../wire/protocol.ts";
import { failureOf } from "../sqlite/failure.ts";
import { isBackedUp } from "../state-folder/backup-lock.ts";
import { beginFilesDigest, filesDigest } from "./files-digest.ts";
import { KnownFiles } from "./known-files.ts";
import { type LargeFiles, MOST_BYTES } from "./large-files.ts";
import { contentsOf } from "./read-files.ts";
import { receiveFiles } from "./receive-files.ts";
import { openFilesWriter } from "./write-files.ts";

export interface LargeFilesOptions {
  folder: string;
  /** In which machines of this server read them. Asked for at each upload. */
  form: () => FilesForm;
  /** Whether the state folder goes with the server: nothing has to survive a power cut then, and what is removed can wait for a quiet moment. */
  isEphemeral: boolean;
  clock: Clock;
  /** Called with why something could not be removed. */
  onFailure: (error: unknown) => void;
}

const FORMS = ["image", "folder"] as const satisfies readonly FilesForm[];
const DIGEST = /^large-[0-9a-f]{64}$/;
/** After a deploy, calls of the new code come first. Milliseconds. */
const QUIET_MS = 3_000;
/** The most bytes that the lists of all uploads in progress may promise together: until one is whole, no quota counts what it writes. No holder gets all. */
const ALL_DRAFTS_BYTES = 4 * MOST_BYTES;

export function openLargeFiles({ folder, form, isEphemeral, clock, onFailure }: LargeFilesOptions): LargeFiles {
  const removing = new Set<Promise<void>>();
  /** What begins the removals that wait for a quiet moment. */
  const later = new Set<() => void>();
  /** Forms that are being made, by their paths. */
  const making = new Map<string, Promise<string>>();
  /** The last upload of each digest that is being put in place. */
  const keeping = new Map<string, Promise<void>>();
  const known = isEphemeral ? new KnownFiles() : undefined;
  const ephemeralFor = (app?: string) => known && { known, app };
  const drafts = new Shares(ALL_DRAFTS_BYTES);
  const at = (...names: string[]) => join(folder, ...names);
  const otherName = (kind: "draft" | "gone") => at(`${kind}-${randomBytes(8).toString("hex")}`);

  /** The folder must have its other name by now. */
  function removeSoon(place: string): void {
    if (!isEphemeral) return removeNow(place);
    const cancel = clock.after(QUIET_MS, () => take());
    const take = () => {
      cancel();
      if (later.delete(take)) removeNow(place);
    };
    later.add(take);
  }

  function removeNow(place: string): void {
    const removal = rm(place, { recursive: true, force: true }).catch(onFailure);
    removing.add(removal);
    void removal.then(() => removing.delete(removal));
  }

  function remove(place: string): void {
    if (!existsSync(place) || isBackedUp(dirname(folder))) return;
    const gone = otherName("gone");
    renameSync(place, gone);
    removeSoon(gone);
  }

  /** Ends what a killed server had begun. Both forms are whole. */
  function removeReplaced(digest: string): void {
    const there = FORMS.map((form) => at(digest, form)).filter((place) => existsSync(place));
    if (there.length < FORMS.length) return;
    // A rename sets this time, and gives a form that was made its name.
    const [older] = there.toSorted((a, b) => statSync(a).ctimeMs - statSync(b).ctimeMs);
    remove(older!);
  }

  const formOf = (digest: string) => FORMS.find((each) => existsSync(at(digest, each))) ?? damaged(folder, digest);
  async function entriesOf(digest: string): Promise<FileEntry[]> {
    try {
      return JSON.parse(await readFile(at(digest, "list"), "utf8")) as FileEntry[];
    } catch {
      return damaged(folder, digest);
    }
  }

  /** Makes the form that is missing, out of the other one, which is removed. */
  async function make(digest: string, wanted: FilesForm): Promise<string> {
    const there = formOf(digest);
    const draft = otherName("draft");
    try {
      const entries = await entriesOf(digest);
      const writer = await openFilesWriter(wanted, draft, entries, ephemeralFor());
      try {
        for await (const piece of contentsOf(there, at(digest, there), entries)) await writer.push(piece);
        await writer.end();
      } finally {
        await writer.close();
      }
      await rename(draft, at(digest, wanted));
    } catch (error) {
      removeSoon(draft);
      throw failureOf(error, folder);
    }
    remove(at(digest, there));
    return at(digest, wanted);
  }

  async function* read(digest: string): AsyncGenerator<Uint8Array, void> {
    const [there, entries] = [formOf(digest), await entriesOf(digest)];
    const list = await readFile(at(digest, "list"));
    const hash = beginFilesDigest(list);
    yield list;
    for await (const piece of contentsOf(there, at(digest, there), entries)) {
      hash.update(piece);
      yield piece;
    }
    if (filesDigest(hash) !== digest) damaged(folder, digest);
  }

  async function isSound(digest: string): Promise<boolean> {
    try {
      for await (const piece of read(digest)) void piece;
      return true;
    } catch {
      return false;
    }
  }

  async function keep(draft: string, digest: string): Promise<void> {
    if (existsSync(at(digest))) {
      if (await isSound(digest)) return removeSoon(draft);
      remove(at(digest));
    }
    if (!isEphemeral) await settle(draft);
    await rename(draft, at(digest));
    if (!isEphemeral) await settle(folder);
  }

  /** Of several uploads of the same files, each finds what the one before has put in place: a folder that is there cannot be replaced. */
  async function keepInTurn(draft: string, digest: string): Promise<void> {
    const before = keeping.get(digest)?.catch(() => undefined);
    const kept = Promise.resolve(before).then(() => keep(draft, digest));
    keeping.set(digest, kept);
    try {
      await kept;
    } finally {
      if (keeping.get(digest) === kept) keeping.delete(digest);
    }
  }

  /** Throws "too-many-uploads". @returns what gives the bytes back, once */
  function takeDraft(holder: string, bytes: number): () => void {
    if (!drafts.take(holder, bytes)) throw new MayflyError("too-many-uploads");
    let taken = bytes;
    return () => {
      drafts.give(holder, taken);
      taken = 0;
    };
  }

  return {
    receive: (holder, app) =>
      receiveFiles(async (list, entries) => {
        const over = takeDraft(
          holder,
          entries.reduce((sum, [, bytes]) => sum + bytes, 0),
        );
        const draft = otherName("draft");
        const kind = form();
        try {
          mkdirSync(folder, { recursive: true, mode: 0o700 });
          await mkdir(draft);
          await writeFile(join(draft, "list"), list, { flush: !isEphemeral });
          const writer = await openFilesWriter(kind, join(draft, kind), entries, ephemeralFor(app));
          const discard = async () => {
            over();
            removeSoon(draft);
          };
          const keep = async (digest: string) => {
            await keepInTurn(draft, digest).finally(over);
            writer.settled(at(digest, kind));
          };
          return { writer, keep, discard, folder };
        } catch (error) {
          over();
          removeSoon(draft);
          throw failureOf(error, folder);
        }
      }),
    async path(digest, wanted) {
      const place = at(digest, wanted);
      if (existsSync(place)) return place;
      const made = making.get(place) ?? make(digest, wanted).finally(() => making.delete(place));
      making.set(place, made);
      return made;
    },
    listBytes: (digest) => statSync(at(digest, "list"), { throwIfNoEntry: false })?.size ?? damaged(folder, digest),
    read,
    remove: (digest) => remove(at(digest)),
    removeOthers(digests) {
      if (!existsSync(folder)) return;
      for (const name of readdirSync(folder)) {
        if (digests.has(name)) removeReplaced(name);
        else if (DIGEST.test(name)) remove(at(name));
        else removeSoon(at(name));
      }
    },
    async settled() {
      for (const begin of later) begin();
      await Promise.all(removing);
    },
  };
}

/** Makes the names in a folder safe on the disk. */
async function settle(place: string): Promise<void> {
  await using file = await open(place);
  await file.sync();
}

function damaged(folder: string, digest: string): never {
  throw new MayflyError("state-damaged", { file: basename(folder), what: `the files ${digest} are not what was deployed` });
}
