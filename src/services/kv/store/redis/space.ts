/**
 * A store as commands see it while a step is carried out.
 *
 * Owns: how the store is changed by the command that is carried out, and what the replies, the work and the use of the whole step are.
 * 1. An entry that has expired is not there, whether or not it was swept.
 * 2. What would be too large a reply is known before it is read.
 * 3. `begin` and `end` enclose a command: what it did is counted at its end, and forgotten if it is undone.
 */
import { MOST_VALUE_BYTES, type Store } from "../../kv.ts";
import type { Entries, Found, Limits, Sums } from "../entries.ts";
import type { Kind, StructureRow } from "../structures.ts";
import { keyOf } from "./arguments.ts";
import { Refusal, TooLarge, wrongType } from "./refusal.ts";
import type { Rows } from "./rows.ts";

/** A structure whose members are being changed, or read. */
export interface Structure extends StructureRow {
  found: Found | null;
  /** Of all members. */
  bytes: number;
}

export interface SpaceParts {
  entries: Entries;
  rows: Rows;
  store: Store;
  now: number;
  most: Limits | null;
  mostReply: number;
}

/** Of a reply, besides the bytes in it. */
const EACH_REPLY_BYTES = 16;
/** Work after which a step that is not whole goes on in another transaction, so that those of others come between. About microseconds. */
const MOST_WORK = 20_000;

export class Space {
  readonly rows: Rows;
  readonly entries: Entries;
  readonly now: number;
  /** Of the use of the step. */
  reads = 0;
  writes = 0;
  /** When the first entry expires that the step has put; 0: members of structures wait to be removed. */
  sweepAt: number | null = null;
  /** Keys of lists that got items. */
  pushed: Uint8Array[] = [];
  readonly #to: Store;
  readonly #most: Limits | null;
  #mostReply: number;
  #replyBytes = 0;
  #work = 0;
  #store: number | null;
  #version: number;
  #sums: Sums;
  #before = { pushed: 0, replyBytes: 0, writes: 0, reads: 0, store: null as number | null, version: 0 };

  constructor({ entries, rows, store, now, most, mostReply }: SpaceParts) {
    this.entries = entries;
    this.rows = rows;
    this.now = now;
    this.#to = store;
    this.#most = most;
    this.#mostReply = mostReply;
    const at = entries.storeAt(store);
    this.#store = at?.store ?? null;
    this.#version = at?.version ?? 0;
    this.#sums = this.#none();
  }

  /** Null: nothing was ever put into it. */
  get store(): number | null {
    return this.#store;
  }

  get isTired(): boolean {
    return this.#work > MOST_WORK;
  }

  begin(): void {
    const { reads, writes } = this;
    this.#before = { pushed: this.pushed.length, replyBytes: this.#replyBytes, reads, writes, store: this.#store, version: this.#version };
    this.#sums = this.#none();
    this.#work += 20;
  }

  /** Throws "kv-full". */
  end(): void {
    const { reads, writes } = this.#before;
    if (this.reads === reads && this.writes === writes) this.reads++;
    if (this.#store === null || this.#sums.version === this.#version) return;
    this.entries.count(this.#store, this.#to, this.#sums, this.#most!);
    this.#version = this.#sums.version;
  }

  /** What the command did was undone. */
  undo(): void {
    const { pushed, replyBytes, reads, writes, store, version } = this.#before;
    this.pushed.length = pushed;
    this.#replyBytes = replyBytes;
    this.#store = store;
    this.#version = version;
    [this.reads, this.writes] = [reads + 1, writes];
  }

  /** Counts what becomes a part of the reply. Throws TooLarge. */
  give(bytes: number): void {
    this.#replyBytes += bytes + EACH_REPLY_BYTES;
    this.#work += 1 + (bytes >> 10);
    this.reads++;
    if (this.#replyBytes > this.#mostReply) throw new TooLarge();
  }

  /** @param work about microseconds */
  tire(work: number): void {
    this.#work += work;
  }

  /** Undefined: there is no such key. Throws a Refusal if it cannot be a key. */
  find(key: Uint8Array): Found | undefined {
    const found = this.found(keyOf(key));
    return found === undefined || found.isExpired ? undefined : found;
  }

  /** Those that have expired, too. */
  found(key: Uint8Array): Found | undefined {
    this.#work += 5;
    return this.#store === null ? undefined : this.entries.find(this.#store, key, this.now);
  }

  /** Throws a Refusal if it is no text. */
  findText(key: Uint8Array): Found | undefined {
    const found = this.find(key);
    if (found?.structure !== undefined) throw wrongType();
    return found;
  }

  textOf(found: Found): Uint8Array {
    return this.rows.valueOf(found.entry).value;
  }

  /** Puts a text in place of whatever there is. */
  put(
    key: Uint8Array,
    value: Uint8Array,
    { metadata = null, expiresAt = null }: { metadata?: string | null; expiresAt?: number | null } = {},
  ): void {
    if (value.length > MOST_VALUE_BYTES) throw tooLong();
    const was = this.found(keyOf(key));
    if (was?.structure !== undefined) this.sweepAt = 0;
    this.entries.put(this.#own(), key, was, this.#sums, { value, metadata, expiresAt });
    this.expires(expiresAt);
    this.wrote(20 + (value.length >> 10));
  }

  /** Puts another text in the place of one, whose metadata and expiry stay. */
  change(key: Uint8Array, found: Found | undefined, value: Uint8Array): void {
    const metadata = found === undefined ? null : this.rows.valueOf(found.entry, false).metadata;
    this.put(key, value, { metadata, expiresAt: found?.expiresAt ?? null });
  }

  /** Returns whether it was there. */
  remove(key: Uint8Array): boolean {
    const was = this.found(keyOf(key));
    if (was === undefined) return false;
    if (was.structure !== undefined) this.sweepAt = 0;
    this.entries.remove(this.#own(), key, was, this.#sums, this.now);
    this.wrote(20);
    return !was.isExpired;
  }

  setExpiry({ entry }: Found, expiresAt: number | null): void {
    this.rows.setExpiry(entry, ++this.#sums.version, expiresAt);
    this.expires(expiresAt);
    this.wrote(20);
  }

  /** The destination must not be there. */
  rename({ entry }: Found, from: Uint8Array, to: Uint8Array): void {
    const store = this.#own();
    this.entries.keepGone(store, ++this.#sums.version, from, this.now);
    this.entries.unkeepGone(store, to);
    this.rows.rename(entry, ++this.#sums.version, to);
    this.#sums.bytes += to.length - from.length;
    this.wrote(40);
  }

  /** Undefined: there is no such key. Throws a Refusal if it is of another kind. */
  structure(key: Uint8Array, kind: Kind): Structure | undefined {
    const found = this.find(key);
    if (found === undefined) return undefined;
    if (found.structure?.kind !== kind) throw wrongType();
    return { ...found.structure, found, bytes: found.bytes };
  }

  /** Makes one if there is none. What is done to it is stored by changed(). */
  structureFor(key: Uint8Array, kind: Kind): Structure {
    const there = this.structure(key, kind);
    if (there !== undefined) return there;
    const was = this.found(key);
    const entry = this.entries.put(this.#own(), key, was, this.#sums, { value: NOTHING, metadata: null, expiresAt: null });
    return { ...this.entries.structures.add(entry, kind), found: null, bytes: 0 };
  }

  /** Stores what was done to a structure. One without members is removed. */
  changed(key: Uint8Array, structure: Structure): void {
    const { members, bytes } = structure;
    const was = this.found(key)!;
    this.wrote(20);
    if (members === 0) {
      this.sweepAt = 0;
      return this.entries.remove(this.#own(), key, was, this.#sums, this.now);
    }
    this.entries.structures.save(structure);
    this.#sums.members += members - was.structure!.members;
    this.#sums.bytes += bytes - was.bytes;
    this.rows.setBytes(was.entry, ++this.#sums.version, bytes);
  }

  /** Puts all content out of everybody's sight, at once; the sweep removes it. Versions go on. */
  flush(): void {
    if (this.#store === null) return;
    const version = this.#sums.version + 1;
    const { store, had } = this.rows.flush(this.#store, this.#to, version);
    this.entries.uncount(this.#to, had);
    this.#store = store;
    this.#version = version;
    this.#sums = this.#none();
    this.sweepAt = 0;
    this.wrote(100);
  }

  /** Counts a value that was written. */
  wrote(work: number): void {
    this.writes++;
    this.#work += work;
  }

  expires(at: number | null): void {
    if (at !== null) this.sweepAt = Math.min(this.sweepAt ?? at, at);
  }

  #own(): number {
    if (this.#store === null) {
      const { store, version } = this.entries.newStore(this.#to);
      this.#store = store;
      this.#version = version;
    }
    return this.#store;
  }

  #none(): Sums {
    return { version: this.#version, entries: 0, members: 0, bytes: 0 };
  }
}

export function tooLong(): Refusal {
  return new Refusal(`ERR string exceeds maximum allowed size (${MOST_VALUE_BYTES} bytes)`);
}

const NOTHING = Buffer.alloc(0);
