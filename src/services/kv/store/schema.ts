/**
 * The tables of key-value stores. `usage` has the sums of each app and each tenant, because summing up all stores at each write would take longer the more there are. What was
 * removed is in `gone` for a while, so that watchers who were away learn of it.
 *
 * An entry whose value is empty may be a hash, a set or a list: then a row of `structures` names it, and its members are rows of their own, so that one more costs the same
 * whatever there is already. A structure without an entry was removed: the sweep removes its members, a part at a time.
 */
import type { Migration } from "../../../store/sqlite/migrate.ts";

export const migrations: readonly Migration[] = [
  `CREATE TABLE stores (
     store INTEGER PRIMARY KEY,
     tenant TEXT NOT NULL,
     app TEXT NOT NULL,
     name TEXT NOT NULL,
     -- Of the last change.
     version INTEGER NOT NULL DEFAULT 0,
     -- Of the last removal that is not in the table gone any more.
     forgotten INTEGER NOT NULL DEFAULT 0,
     entries INTEGER NOT NULL DEFAULT 0,
     bytes INTEGER NOT NULL DEFAULT 0,
     UNIQUE (app, name)
   ) STRICT;
   CREATE TABLE entries (
     entry INTEGER PRIMARY KEY,
     store INTEGER NOT NULL,
     -- Bytes, because the order of keys is that of their bytes and a key may contain zeros.
     key BLOB NOT NULL,
     version INTEGER NOT NULL,
     expires_at INTEGER,
     bytes INTEGER NOT NULL,
     metadata TEXT,
     -- The last column: what reads the others does not read the pages of a large value.
     value BLOB NOT NULL,
     UNIQUE (store, key)
   ) STRICT;
   CREATE INDEX entries_changed ON entries (store, version);
   CREATE INDEX entries_expire ON entries (expires_at) WHERE expires_at IS NOT NULL;
   CREATE TABLE gone (
     store INTEGER NOT NULL,
     version INTEGER NOT NULL,
     key BLOB NOT NULL,
     at INTEGER NOT NULL,
     PRIMARY KEY (store, version)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX gone_keys ON gone (store, key);
   CREATE INDEX gone_at ON gone (at);
   CREATE TABLE usage (
     owner TEXT PRIMARY KEY,
     entries INTEGER NOT NULL,
     bytes INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID;`,
  `CREATE TABLE structures (
     structure INTEGER PRIMARY KEY,
     -- Null: it was removed, and its members are still to be.
     entry INTEGER UNIQUE,
     -- 1: a hash, 2: a list, 3: a set.
     kind INTEGER NOT NULL,
     members INTEGER NOT NULL,
     -- Of a list: the place of its first item. The places of its items have no gaps.
     first INTEGER NOT NULL DEFAULT 0
   ) STRICT;
   -- Of hashes and sets, in the order of the digests of their fields: it has nothing to do with what they are, so that a scan goes on by a number, and a random one is found.
   CREATE TABLE members (
     structure INTEGER NOT NULL,
     digest INTEGER NOT NULL,
     field BLOB NOT NULL,
     value BLOB NOT NULL,
     PRIMARY KEY (structure, digest, field)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE items (
     structure INTEGER NOT NULL,
     place INTEGER NOT NULL,
     value BLOB NOT NULL,
     PRIMARY KEY (structure, place)
   ) STRICT, WITHOUT ROWID;
   -- Of all structures of a store.
   ALTER TABLE stores ADD COLUMN members INTEGER NOT NULL DEFAULT 0;
   -- In the order in which a scan of a store goes, by the numbers of entries.
   CREATE INDEX entries_scanned ON entries (store);`,
];
