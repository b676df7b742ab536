/**
 * The tables of the Lambda API's records. Append migrations; never edit one that was released.
 * | table | what |
 * | --- | --- |
 * | records | a JSON record for each function, version, alias, policy, URL, and so on |
 * | zips | which zip files a record needs |
 * | layer_numbers | the last number that was given to a version of a layer |
 */
import type { Migration } from "../sqlite/migrate.ts";

export const lambdaMigrations: readonly Migration[] = [
  `
  CREATE TABLE records (
    tenant TEXT NOT NULL,
    kind TEXT NOT NULL,
    owner TEXT NOT NULL,
    key TEXT NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (tenant, kind, owner, key)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX urls ON records (json_extract(record, '$.id')) WHERE kind = 'url';

  CREATE TABLE zips (
    tenant TEXT NOT NULL,
    kind TEXT NOT NULL,
    owner TEXT NOT NULL,
    key TEXT NOT NULL,
    digest TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    own INTEGER NOT NULL,
    FOREIGN KEY (tenant, kind, owner, key) REFERENCES records (tenant, kind, owner, key) ON DELETE CASCADE
  ) STRICT;
  CREATE INDEX zips_by_record ON zips (tenant, kind, owner, key);
  CREATE INDEX zips_by_digest ON zips (digest);

  CREATE TABLE layer_numbers (
    tenant TEXT NOT NULL,
    layer TEXT NOT NULL,
    last INTEGER NOT NULL,
    PRIMARY KEY (tenant, layer)
  ) STRICT, WITHOUT ROWID;
  `,
];
