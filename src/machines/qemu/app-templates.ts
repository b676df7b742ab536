/**
 * The templates of apps: machines that were bound to an app and initialised before they were frozen. What was in their memory is in them, secrets included, so
 * that only this process's user can read their files.
 *
 * Owns the files, and for each template that is loaded an immutable memory file and its state, until drop() or close().
 * 1. A template is only used with what it was made with: QEMU, host, image, kind of machine, part of a revision, and what the part's machines are given.
 * 2. A part has one template for each kind of machine. Those that were made with other things are removed when one of it is looked for.
 */
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";

import type { AppSnapshot, SavedSnapshot } from "../driver.ts";
import type { FrozenMachine } from "./build-template.ts";
import type { MachineShape } from "./guest-kernel.ts";
import { DamagedTemplate, loadTemplate, saveTemplate } from "./template-files.ts";
import { memoryTemplate, type Template, type TemplatesOptions, closeLater, closeTemplate, templateKey } from "./templates.ts";

export interface AppTemplatesOptions extends Pick<TemplatesOptions, "image" | "facts" | "warn"> {
  /** The folder of their files, which is this server's alone. */
  snapshotDir: string;
}

export interface AppTemplates {
  /** A template that is loaded; undefined if there is none. It counts as used just now. */
  find(shape: MachineShape, snapshot: AppSnapshot): Template | undefined;
  /** Loads the template from its files. Resolves with whether there are any that fit. */
  load(shape: MachineShape, snapshot: AppSnapshot): Promise<boolean>;
  /**
   * Keeps and saves it. Rejects with what `admit` or the saving throws, or when it is dropped meanwhile, and then keeps nothing.
   * @param admit called first, with the bytes that are to be saved
   */
  add(shape: MachineShape, snapshot: AppSnapshot, frozen: FrozenMachine, admit: (bytes: number) => void): Promise<void>;
  /** Removes all of the part's, the files too. Machines that live go on. */
  drop(part: string): void;
  close(): void;
}

/** The file in which a template says of which part of a revision it is. */
const PART = "part";

export function createAppTemplates(options: AppTemplatesOptions): AppTemplates {
  const parent = options.snapshotDir;
  /** By folder. */
  const loaded = new Map<string, Template>();
  /** Those that are being saved, by the folder that will be theirs. */
  const saving = new Map<string, AbortController>();
  const folderOf = (shape: MachineShape, snapshot: AppSnapshot) => path.join(parent, nameOf(options, shape, snapshot));
  const forget = (folder: string) => {
    // It removes what it has written by itself: nobody can remove a folder in which files are being made.
    saving.get(folder)?.abort(new Error("the snapshot was dropped while it was being saved"));
    const template = loaded.get(folder);
    loaded.delete(folder);
    // A caller that was just given the template opens its descriptors again within this turn.
    if (template !== undefined) closeLater(template);
    fs.rmSync(folder, { recursive: true, force: true });
  };
  const ofPart = (part: string) => new Set([...foldersOf(parent, part), ...saving.keys().filter((folder) => isOf(folder, part))]);
  return {
    find(shape, snapshot) {
      const folder = folderOf(shape, snapshot);
      const template = loaded.get(folder);
      if (template !== undefined) markUsed(folder);
      return template;
    },
    async load(shape, snapshot) {
      const folder = folderOf(shape, snapshot);
      if (loaded.has(folder)) return true;
      for (const other of ofPart(snapshot.part)) if (other !== folder && kindPart(other) === kindPart(folder)) forget(other);
      try {
        const found = await loadTemplate(folder);
        if (found === undefined) return false;
        loaded.set(folder, memoryTemplate(found));
        return true;
      } catch (error) {
        if (!(error instanceof DamagedTemplate)) throw error;
        options.warn(`the snapshot of a revision is damaged (${error.message}): it is made anew`);
        forget(folder);
        return false;
      }
    },
    async add(shape, snapshot, frozen, admit) {
      const folder = folderOf(shape, snapshot);
      const gone = new AbortController();
      saving.set(folder, gone);
      try {
        admit(fs.fstatSync(frozen.memory).blocks * 512);
        fs.mkdirSync(parent, { recursive: true, mode: 0o700 });
        const digest = await saveTemplate(folder, frozen, options.image.id, { [PART]: snapshot.part }, gone.signal);
        gone.signal.throwIfAborted();
        loaded.set(folder, memoryTemplate({ ...frozen, digest }));
      } catch (error) {
        fs.closeSync(frozen.memory);
        throw error;
      } finally {
        saving.delete(folder);
      }
    },
    drop(part) {
      for (const folder of ofPart(part)) forget(folder);
    },
    close() {
      for (const template of loaded.values()) closeTemplate(template);
      loaded.clear();
    },
  };
}

/** All that is saved. */
export function savedSnapshots(snapshotDir: string): SavedSnapshot[] {
  return foldersIn(snapshotDir).flatMap((folder) => {
    if (isUnfinished(folder)) return [];
    try {
      const part = fs.readFileSync(path.join(folder, PART), "utf8");
      const { blocks } = fs.statSync(path.join(folder, "memory"));
      return [{ part, bytes: blocks * 512, usedAt: fs.statSync(folder).mtimeMs }];
    } catch (error) {
      // Something of it is missing, so that it cannot be used. Other errors, such as too few descriptors, say nothing of it.
      if ((error as NodeJS.ErrnoException).code === "ENOENT") fs.rmSync(folder, { recursive: true, force: true });
      return [];
    }
  });
}

/** Removes the files of a part's snapshots. */
export function removeSaved(snapshotDir: string, part: string): void {
  for (const folder of foldersOf(snapshotDir, part)) fs.rmSync(folder, { recursive: true, force: true });
}

/**
 * Removes what an earlier server has begun and not finished. Must be called before this one begins any: the process ids in the folders' names tell nothing, because
 * in a container every server may have the same one.
 */
export function removeUnfinished(snapshotDir: string): void {
  for (const folder of foldersIn(snapshotDir)) if (isUnfinished(folder)) fs.rmSync(folder, { recursive: true, force: true });
}

/** Its name has one word more, which template-files.ts adds. */
function isUnfinished(folder: string): boolean {
  return path.basename(folder).split(".").length > 3;
}

/** The folder's name: the part, the kind of machine, and all else that the template is made with, each as a digest. */
function nameOf(options: AppTemplatesOptions, shape: MachineShape, { part, inputs }: AppSnapshot): string {
  const kind = JSON.stringify([shape.guest.name, shape.runtime, shape.memoryMb, shape.vcpus]);
  // The guest's clock is set at each resume, so that it does not matter in which week it was made.
  return [part, kind, JSON.stringify([templateKey(options, shape, 0), inputs])].map(digest).join(".");
}

function kindPart(folder: string): string {
  return path.basename(folder).split(".")[1] ?? "";
}

/** The folders of a part's saved templates, without those that are not finished. */
function foldersOf(parent: string, part: string): string[] {
  return foldersIn(parent).filter((folder) => isOf(folder, part) && !isUnfinished(folder));
}

function isOf(folder: string, part: string): boolean {
  return path.basename(folder).startsWith(`${digest(part)}.`);
}

function foldersIn(parent: string): string[] {
  if (!fs.existsSync(parent)) return [];
  const entries = fs.readdirSync(parent, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return entries.map(({ name }) => path.join(parent, name));
}

function markUsed(folder: string): void {
  const now = new Date();
  fs.utimes(folder, now, now, () => undefined);
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}
