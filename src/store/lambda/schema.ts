/**
 * The tables of the Lambda API's records. Append migrations; never edit one that was released.
 * | table | what |
 * | --- | --- |
 * | records | a JSON record for each function, version, alias, policy, URL, and so on |
 * | zips | which zip files a record needs |
 * | layer_numbers | the last number that was given to a version of a layer |
 * | unsettled | which functions and qualifiers the apps may not have followed yet |
 * | totals | how many records a tenant has, and how many bytes its own zip files: triggers keep both, because they are asked for before each change |
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
  `
  CREATE INDEX reserved ON records (tenant, json_extract(record, '$.reserved')) WHERE kind = 'function' AND json_extract(record, '$.reserved') IS NOT NULL;
  CREATE INDEX signed ON records (tenant, json_extract(record, '$.codeSigning'), key) WHERE kind = 'function' AND json_extract(record, '$.codeSigning') IS NOT NULL;
  CREATE INDEX alike ON records (tenant, lower(key)) WHERE kind = 'function';

  CREATE TABLE totals (
    tenant TEXT PRIMARY KEY,
    records INTEGER NOT NULL DEFAULT 0,
    zip_bytes INTEGER NOT NULL DEFAULT 0
  ) STRICT, WITHOUT ROWID;
  INSERT INTO totals (tenant, records, zip_bytes)
    SELECT tenant, count(*), (SELECT coalesce(sum(bytes), 0) FROM zips WHERE zips.tenant = records.tenant AND own = 1) FROM records GROUP BY tenant;
  CREATE TRIGGER record_added AFTER INSERT ON records BEGIN
    INSERT INTO totals (tenant, records) VALUES (NEW.tenant, 1) ON CONFLICT DO UPDATE SET records = records + 1;
  END;
  CREATE TRIGGER record_removed AFTER DELETE ON records BEGIN
    UPDATE totals SET records = records - 1 WHERE tenant = OLD.tenant;
  END;
  CREATE TRIGGER zip_added AFTER INSERT ON zips WHEN NEW.own = 1 BEGIN
    INSERT INTO totals (tenant, zip_bytes) VALUES (NEW.tenant, NEW.bytes) ON CONFLICT DO UPDATE SET zip_bytes = zip_bytes + NEW.bytes;
  END;
  CREATE TRIGGER zip_removed AFTER DELETE ON zips WHEN OLD.own = 1 BEGIN
    UPDATE totals SET zip_bytes = zip_bytes - OLD.bytes WHERE tenant = OLD.tenant;
  END;
  `,
  `
  CREATE TABLE unsettled (
    tenant TEXT NOT NULL,
    function TEXT NOT NULL,
    qualifier TEXT NOT NULL,
    app TEXT NOT NULL,
    PRIMARY KEY (tenant, function, qualifier)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX by_app ON records (tenant, json_extract(record, '$.app'), key) WHERE kind = 'function' AND json_extract(record, '$.app') IS NOT NULL;
  `,
];
