/**
 * The copies of one database: files beside it, whose names are the times at which they were made. SQLite writes a copy as one reader sees the database, without what was removed
 * from it.
 */
import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import type { CopyRules } from "./messages.ts";

export class NoSuchCopy extends Error {}
export class CopiesFull extends Error {}

const DAY_MS = 86_400_000;

export class Copies {
  readonly #file: string;
  readonly #folder: string;
  /** When the last copy was made, or the database; null: that was not looked up yet. */
  #last: number | null = null;

  /** @param folder the app's @param name the database's */
  constructor(folder: string, name: string) {
    this.#file = `${folder}/${name}.db`;
    this.#folder = `${folder}/copies/${name}`;
  }

  /** Throws NoSuchCopy. */
  path(at: number): string {
    if (!this.#times().includes(at)) throw new NoSuchCopy(String(at));
    return this.#path(at);
  }

  /** Whether the database was changed since its last copy, or since it was made, and that is long enough ago. */
  isDue({ everyMs }: CopyRules, now: number): boolean {
    if (everyMs === 0) return false;
    const last = (this.#last ??= this.#times().at(-1) ?? statSync(this.#file).birthtimeMs);
    if (now - last < everyMs) return false;
    const { mtimeMs } = statSync(this.#file);
    const logMs = statSync(`${this.#file}-wal`, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    return Math.max(mtimeMs, logMs) > last;
  }

  /** Returns when the copy was made, which is its name; it is on the disk then. Throws CopiesFull. */
  make(db: DatabaseSync, rules: CopyRules, now: number): number {
    const times = this.#times();
    // Each has a name of its own, however soon it is asked for.
    const at = Math.max(now, (times.at(-1) ?? 0) + 1);
    const draft = `${this.#folder}/${at}.partial`;
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    // The process may have been ended while it made one.
    for (const file of readdirSync(this.#folder)) if (file.endsWith(".partial")) rmSync(`${this.#folder}/${file}`);
    try {
      db.prepare("VACUUM INTO ?").run(draft);
      const { size } = statSync(draft);
      if (size > rules.mostBytes) throw new CopiesFull("the copies of a database may not be as large as this one is");
      onDisk(draft);
      renameSync(draft, this.#path(at));
      onDisk(this.#folder);
    } finally {
      rmSync(draft, { force: true });
    }
    this.#last = at;
    this.#forget([...times, at], rules, now);
    return at;
  }

  /** Removes what is too old or too much: of days that are over, the last copy of each stays. The newest one always stays. */
  #forget(times: readonly number[], { keepMs, mostBytes }: CopyRules, now: number): void {
    const dayOf = (at: number) => Math.floor(at / DAY_MS);
    const isKept = (at: number, place: number) => now - at < DAY_MS || dayOf(at) !== dayOf(times[place + 1] ?? Infinity);
    let bytes = 0;
    for (const [place, at] of [...times.entries()].toReversed()) {
      bytes += statSync(this.#path(at)).size;
      const isNewest = place === times.length - 1;
      if (!isNewest && (now - at > keepMs || !isKept(at, place) || bytes > mostBytes)) {
        bytes -= statSync(this.#path(at)).size;
        rmSync(this.#path(at));
      }
    }
  }

  /** The oldest first. */
  #times(): number[] {
    let files: string[] = [];
    try {
      files = readdirSync(this.#folder);
    } catch {
      // There are none yet.
    }
    return files.flatMap((file) => timeOf(file) ?? []).toSorted((a, b) => a - b);
  }

  #path(at: number): string {
    return `${this.#folder}/${at}.db`;
  }
}

/** Undefined: it is no copy, or one that was not finished. */
export function timeOf(file: string): number | undefined {
  const [, at] = /^(\d{1,16})\.db$/.exec(file) ?? [];
  return at === undefined ? undefined : Number(at);
}

export function onDisk(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
