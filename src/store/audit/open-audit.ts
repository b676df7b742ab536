/**
 * The audit log in files of JSON lines: <tenant's id>.jsonl and, before it, <tenant's id>.1.jsonl; calls that only read are in <tenant's id>.reads.jsonl. `server`
 * stands for what is of no tenant.
 *
 * Owns: these files, the counts of refused calls and of repeated reads that are not written yet, and the followers.
 * 1. A line is handed to the file system before write() returns: kill -9 of the server loses none. A line is only ever appended.
 * 2. Each tenant has files of its own, of a bounded size, so that one that calls without end overwrites only its own past; and calls that only read
 *    overwrite nothing of what was changed.
 * 3. Calls without a valid token are written one by one up to REFUSALS a minute. Further ones of that minute are counted, and one line says how many there were:
 *    somebody without a token can overwrite nobody's past.
 * 4. What the session of a browser reads again and again is summed up. A kill of the server loses sums of at most SPAN_MS, and never the first such read.
 * 5. A value in a line stands in JSON, so that no name can end the line or begin another.
 */
import { appendFileSync, closeSync, mkdirSync, openSync, readdirSync, readSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../../base/clock/clock.ts";
import { fileName } from "../logs/files.ts";
import { linesBackwards } from "../logs/lines-backwards.ts";
import type { Audit, AuditLine, AuditQuery } from "./audit.ts";
import { RepeatedReads } from "./repeated-reads.ts";

export interface AuditOptions {
  clock: Clock;
  /** The most bytes of the lines of one tenant, and of the server itself: half of them for changes, half for reads. */
  bytes: number;
  /** Called with the reason if a line cannot be written; not again until one was. */
  onFailure: (error: unknown) => void;
}

/** Calls without a valid token that are written one by one, of each minute. */
const REFUSALS = 20;
const MINUTE_MS = 60_000;
/** Of so many tenants that were removed the files stay. */
const REMOVED_KEPT = 100;
const SERVER = "server";
/** The file in use, and the one before it. */
const FILES = 2;
/** What follows the owner in a file's name. */
const KINDS = { changes: "", reads: ".reads" } as const;
type Kind = keyof typeof KINDS;
const kinds = Object.keys(KINDS) as Kind[];

export function openAudit(dir: string, { clock, bytes, onFailure }: AuditOptions): Audit {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const sizes = new Map<string, number>();
  const followers = new Set<{ owner: string | undefined; callback: (line: AuditLine) => void }>();
  let failing = false;
  let refused = { since: -Infinity, calls: 0, last: undefined as AuditLine | undefined };
  const repeated = new RepeatedReads();
  const stopTelling = clock.every(MINUTE_MS, () => {
    tellRefused();
    tellRepeated();
  });

  return {
    write(owner, line, reads = false, reader) {
      if (reads && reader !== undefined && line.result === "ok" && repeated.counts(reader, owner, line)) return;
      if (line.principal !== null) return append(owner ?? SERVER, reads ? "reads" : "changes", line);
      if (line.at - refused.since >= MINUTE_MS || line.at < refused.since) {
        tellRefused();
        refused = { since: line.at, calls: 0, last: undefined };
      }
      refused.calls++;
      if (refused.calls <= REFUSALS) append(SERVER, "reads", line);
      else refused.last = line;
    },
    async read(owner, query) {
      const owners = owner === undefined ? ownersIn(dir) : [owner];
      const found: AuditLine[] = [];
      for (const one of owners) for (const kind of kinds) found.push(...(await tailOf(pathOf(one, kind), query)));
      const sorted = found.toSorted((a, b) => a.at - b.at);
      let first = Math.max(0, sorted.length - query.tail);
      while (first > 0 && first < sorted.length && sorted[first - 1]!.at === sorted[first]!.at) first--;
      return sorted.slice(first);
    },
    follow(owner, callback) {
      const follower = { owner, callback };
      followers.add(follower);
      return () => void followers.delete(follower);
    },
    forget(exists) {
      const gone = ownersIn(dir).filter((owner) => owner !== SERVER && !exists(owner));
      const times = new Map(gone.map((owner) => [owner, Math.max(...kinds.map((kind) => writtenAt(pathOf(owner, kind))))]));
      const newestFirst = gone.toSorted((a, b) => times.get(b)! - times.get(a)!);
      for (const owner of newestFirst.slice(REMOVED_KEPT))
        for (const kind of kinds) for (let age = 0; age < FILES; age++) rmSync(fileName(pathOf(owner, kind), age), { force: true });
    },
    close() {
      stopTelling();
      tellRefused();
      tellRepeated(true);
    },
  };

  function pathOf(owner: string, kind: Kind): string {
    return join(dir, `${owner}${KINDS[kind]}.jsonl`);
  }

  function tellRefused(): void {
    const { last, calls } = refused;
    if (last === undefined) return;
    append(SERVER, "reads", { ...last, calls: calls - REFUSALS });
    refused = { ...refused, calls: REFUSALS, last: undefined };
  }

  function tellRepeated(all = false): void {
    for (const { owner, line } of repeated.due(clock.wall(), all)) append(owner ?? SERVER, "reads", line);
  }

  function append(owner: string, kind: Kind, line: AuditLine): void {
    const path = pathOf(owner, kind);
    for (const follower of followers) if (follower.owner === undefined || follower.owner === owner) follower.callback(line);
    try {
      const size = sizes.get(path) ?? wholeLines(path);
      const text = Buffer.from(`${JSON.stringify(line)}\n`);
      const full = size > 0 && size + text.length > bytes / (FILES * kinds.length);
      if (full) renameSync(path, fileName(path, 1));
      appendFileSync(path, text, { mode: 0o600 });
      sizes.set(path, (full ? 0 : size) + text.length);
      failing = false;
    } catch (error) {
      sizes.delete(path);
      if (!failing) onFailure(error);
      failing = true;
    }
  }
}

/** The size of the file, after an end of line was added if a power cut, or a full disk, has left half a line. 0 if there is no such file. */
function wholeLines(path: string): number {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size === 0) return 0;
  const last = Buffer.alloc(1);
  const file = openSync(path, "r");
  try {
    readSync(file, last, 0, 1, size - 1);
  } finally {
    closeSync(file);
  }
  if (last[0] === NEWLINE) return size;
  appendFileSync(path, "\n");
  return size + 1;
}

const NEWLINE = 10;

/** Tenants of which there are files, and `server`. */
function ownersIn(dir: string): string[] {
  return [...new Set(readdirSync(dir).flatMap((name) => /^(server|ten_[a-z0-9]+)(?:\.reads)?(?:\.1)?\.jsonl$/.exec(name)?.[1] ?? []))];
}

function writtenAt(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** Oldest first. Lines of the same time as the last of the tail are there, too. */
async function tailOf(path: string, { tail, since = -Infinity, before = Infinity, search = "" }: AuditQuery): Promise<AuditLine[]> {
  const found: AuditLine[] = [];
  const wanted = search.toLowerCase();
  if (tail === 0) return found;
  for (let age = 0; age < FILES; age++)
    for await (const text of linesBackwards(fileName(path, age))) {
      const line = wanted === "" || text.toLowerCase().includes(wanted) ? parsed(text) : undefined;
      if (line === undefined || line.at >= before || !hasText(line, wanted)) continue;
      if (line.at < since) return found.toReversed();
      if (found.length >= tail && line.at !== found.at(-1)!.at) return found.toReversed();
      found.push(line);
    }
  return found.toReversed();
}

/** Names of keys are in the text of each line, too. */
function hasText(line: AuditLine, wanted: string): boolean {
  if (wanted === "") return true;
  const { principal, of, role, address, action, tenant, target, result } = line;
  return [principal, of, role, address, action, tenant, target, result].some((value) => value?.toLowerCase().includes(wanted));
}

/** Undefined for half a line. */
function parsed(text: string): AuditLine | undefined {
  if (!text.startsWith("{") || !text.endsWith("}")) return undefined;
  try {
    return JSON.parse(text) as AuditLine;
  } catch {
    return undefined;
  }
}
