/**
 * The tables of objects. An object's content is in files beside the database, or in `files` itself if it is small. Several objects may have the same file: a copy
 * copies no bytes. A file that nobody has any more is named in `garbage` by the transaction that let go of it, and is removed afterwards.
 */
import type { Migration } from "../../../store/sqlite/migrate.ts";

export const migrations: readonly Migration[] = [
  `CREATE TABLE buckets (
     bucket INTEGER PRIMARY KEY,
     name TEXT NOT NULL UNIQUE,
     tenant TEXT NOT NULL,
     region TEXT NOT NULL,
     created_at INTEGER NOT NULL,
     versioning TEXT NOT NULL DEFAULT 'off',
     -- JSON.
     settings TEXT NOT NULL DEFAULT '{}'
   ) STRICT;
   CREATE INDEX buckets_of ON buckets (tenant, name);
   CREATE TABLE versions (
     seq INTEGER PRIMARY KEY AUTOINCREMENT,
     bucket INTEGER NOT NULL REFERENCES buckets (bucket),
     key TEXT NOT NULL,
     version TEXT NOT NULL,
     is_latest INTEGER NOT NULL,
     is_marker INTEGER NOT NULL,
     modified_at INTEGER NOT NULL,
     size INTEGER NOT NULL,
     etag TEXT NOT NULL,
     -- JSON: what is kept besides the content, and the content's segments.
     about TEXT NOT NULL,
     segments TEXT NOT NULL
   ) STRICT;
   CREATE UNIQUE INDEX version_of ON versions (bucket, key, version);
   CREATE INDEX in_order ON versions (bucket, key, seq DESC);
   CREATE INDEX current ON versions (bucket, key) WHERE is_latest = 1 AND is_marker = 0;
   CREATE TABLE files (
     file TEXT PRIMARY KEY,
     uses INTEGER NOT NULL,
     -- Only of a small one.
     bytes BLOB
   ) STRICT;
   CREATE TABLE garbage (file TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
   CREATE TABLE uploads (
     upload TEXT PRIMARY KEY,
     bucket INTEGER NOT NULL REFERENCES buckets (bucket),
     key TEXT NOT NULL,
     started_at INTEGER NOT NULL,
     -- Whether an object of that key was removed since.
     is_crossed INTEGER NOT NULL DEFAULT 0,
     about TEXT NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX uploads_of ON uploads (bucket, key, upload);
   CREATE TABLE parts (
     upload TEXT NOT NULL REFERENCES uploads (upload),
     number INTEGER NOT NULL,
     size INTEGER NOT NULL,
     etag TEXT NOT NULL,
     modified_at INTEGER NOT NULL,
     checksum TEXT,
     segments TEXT NOT NULL,
     PRIMARY KEY (upload, number)
   ) STRICT, WITHOUT ROWID;
   -- What each tenant has; parts count like objects.
   CREATE TABLE used (tenant TEXT PRIMARY KEY, objects INTEGER NOT NULL, bytes INTEGER NOT NULL) STRICT, WITHOUT ROWID;
   CREATE TABLE notices (seq INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, notice TEXT NOT NULL) STRICT;
   CREATE TABLE marks (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;`,
  // What is in each bucket, counted as for its tenant.
  `ALTER TABLE buckets ADD COLUMN objects INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE buckets ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
   UPDATE buckets SET
     objects = (SELECT count(*) FROM versions WHERE versions.bucket = buckets.bucket AND is_marker = 0),
     bytes = (SELECT ifnull(sum(size), 0) FROM versions WHERE versions.bucket = buckets.bucket)
       + (SELECT ifnull(sum(size), 0) FROM parts WHERE upload IN (SELECT upload FROM uploads WHERE uploads.bucket = buckets.bucket));`,
  // How many notices of each tenant wait.
  `CREATE TABLE untold (tenant TEXT PRIMARY KEY, notices INTEGER NOT NULL) STRICT, WITHOUT ROWID;
   INSERT INTO untold SELECT notice ->> '$.tenant' AS tenant, count(*) FROM notices GROUP BY tenant;`,
  // Grows with each change of what is in the bucket.
  `ALTER TABLE buckets ADD COLUMN changes INTEGER NOT NULL DEFAULT 0;`,
  // Changes nothing. An older Mayfly knows nothing of keys in segments, and would hand encrypted content over as it is on the disk: this keeps it from opening the file.
  `SELECT 1;`,
];
