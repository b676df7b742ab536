/**
 * The catalog's tables. Append migrations; never edit one that was released.
 * | table | what |
 * | --- | --- |
 * | tenants | who owns apps |
 * | tenant_facts | when a tenant was made, and what its apps may use together, as JSON |
 * | leaving_tenants | tenants that are being removed: a server that was killed meanwhile goes on with them |
 * | apps | an id for each name that an app has, had, or that something was set for before its first deploy. Rows stay, because bills and
 * limits outlive apps |
 * | appliances | an id for each name of an appliance; what appliances are is in appliances.db |
 * | names | who has which name now. An app has its name from its first deploy to its removal |
 * | revisions, functions | immutable uploads, and the code of each of their functions. `members`: a revision that is put together of others has no code, and says which those are, as JSON |
 * | code, parts | code by its SHA-256, each once, in parts of at most 1 MiB. Code that no function refers to is removed. `stored` is above zero for large files, which
 * have no parts but lie beside the catalog: the bytes that they take there |
 * | aliases, targets | which revisions an alias sends calls to, by weight |
 * | lives | which revisions had all calls of `live`, one after the other: the higher `at`, the later. A rollback goes back in this list and shortens it |
 * | canaries | what was asked for the canary that a revision was, what its calls were like, and what became of it |
 * | secrets | encrypted, by app |
 * | proven_hosts | hosts that an app has shown to be its own by a record of DNS |
 * | signing_keys | encrypted: an app's key by which its URLs are signed |
 */
import type { Migration } from "../sqlite/migrate.ts";
import { takeOverVersions } from "./take-over-versions.ts";
import type { Seal } from "./seal.ts";

const byName = [
  `
  CREATE TABLE versions (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    app TEXT NOT NULL,
    id TEXT NOT NULL,
    manifest TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (app, id)
  ) STRICT;

  CREATE TABLE apps (
    app TEXT PRIMARY KEY,
    live TEXT NOT NULL,
    FOREIGN KEY (app, live) REFERENCES versions (app, id) DEFERRABLE INITIALLY DEFERRED
  ) STRICT;

  CREATE TABLE bundles (
    app TEXT NOT NULL,
    version TEXT NOT NULL,
    function TEXT NOT NULL,
    format TEXT NOT NULL,
    code BLOB NOT NULL,
    PRIMARY KEY (app, version, function),
    FOREIGN KEY (app, version) REFERENCES versions (app, id) ON DELETE CASCADE
  ) STRICT;

  CREATE TABLE secrets (
    app TEXT NOT NULL,
    name TEXT NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (app, name)
  ) STRICT;
  `,
  `
  ALTER TABLE versions ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
  UPDATE versions SET bytes = (
    SELECT coalesce(sum(length(code)), 0) FROM bundles WHERE bundles.app = versions.app AND bundles.version = versions.id);
  `,
];

const tablesById = `
  CREATE TABLE tenants (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
  ) STRICT;

  CREATE TABLE apps (
    id TEXT PRIMARY KEY,
    tenant TEXT NOT NULL REFERENCES tenants (id),
    name TEXT NOT NULL,
    last_number INTEGER NOT NULL DEFAULT 0,
    UNIQUE (tenant, name)
  ) STRICT;

  CREATE TABLE appliances (
    id TEXT PRIMARY KEY,
    tenant TEXT NOT NULL REFERENCES tenants (id),
    name TEXT NOT NULL,
    UNIQUE (tenant, name)
  ) STRICT;

  CREATE TABLE names (
    tenant TEXT NOT NULL REFERENCES tenants (id),
    name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('app', 'appliance')),
    id TEXT NOT NULL UNIQUE,
    PRIMARY KEY (tenant, name)
  ) STRICT;
  CREATE UNIQUE INDEX names_by_host ON names (tenant, lower(name));

  CREATE TABLE revisions (
    id TEXT PRIMARY KEY,
    app TEXT NOT NULL REFERENCES apps (id),
    number INTEGER NOT NULL,
    digest TEXT NOT NULL,
    manifest TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (app, number),
    UNIQUE (app, digest)
  ) STRICT;

  CREATE TABLE code (
    digest TEXT PRIMARY KEY,
    bytes INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE parts (
    code TEXT NOT NULL REFERENCES code (digest),
    at INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (code, at)
  ) STRICT;

  CREATE TABLE functions (
    revision TEXT NOT NULL REFERENCES revisions (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    format TEXT NOT NULL,
    code TEXT NOT NULL REFERENCES code (digest),
    PRIMARY KEY (revision, name)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX functions_by_code ON functions (code);

  CREATE TABLE aliases (
    app TEXT NOT NULL REFERENCES apps (id),
    name TEXT NOT NULL,
    PRIMARY KEY (app, name)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE targets (
    app TEXT NOT NULL,
    alias TEXT NOT NULL,
    revision TEXT NOT NULL REFERENCES revisions (id),
    weight REAL NOT NULL CHECK (weight > 0),
    PRIMARY KEY (app, alias, revision),
    FOREIGN KEY (app, alias) REFERENCES aliases (app, name) ON DELETE CASCADE
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX targets_by_revision ON targets (revision);

  CREATE TABLE secrets (
    app TEXT NOT NULL REFERENCES apps (id),
    name TEXT NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (app, name)
  ) STRICT, WITHOUT ROWID;
`;

/** Hosts know no capitals, and tenants have hosts. */
const tenantsByHost = "CREATE UNIQUE INDEX tenants_by_host ON tenants (lower(name))";

const factsOfTenants = `
  CREATE TABLE tenant_facts (
    tenant TEXT PRIMARY KEY REFERENCES tenants (id),
    created_at INTEGER,
    limits TEXT
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE leaving_tenants (
    tenant TEXT PRIMARY KEY REFERENCES tenants (id)
  ) STRICT, WITHOUT ROWID;
`;

const largeFiles = "ALTER TABLE code ADD COLUMN stored INTEGER NOT NULL DEFAULT 0";

/** What `live` named before each app's present revision is not known: it is taken to be the revision of the next lower number. */
const traffic = `
  CREATE TABLE lives (
    app TEXT NOT NULL REFERENCES apps (id),
    at INTEGER NOT NULL,
    revision TEXT NOT NULL REFERENCES revisions (id) ON DELETE CASCADE,
    PRIMARY KEY (app, at)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX lives_by_revision ON lives (revision);
  INSERT INTO lives (app, at, revision)
  SELECT now.app, 2, now.id FROM targets JOIN revisions AS now ON now.id = targets.revision WHERE targets.alias = 'live'
  GROUP BY targets.app HAVING count(*) = 1;
  INSERT INTO lives (app, at, revision)
  SELECT now.app, 1, earlier.id FROM lives JOIN revisions AS now ON now.id = lives.revision JOIN revisions AS earlier ON earlier.app = now.app
  WHERE earlier.number = (SELECT max(number) FROM revisions WHERE app = now.app AND number < now.number);

  CREATE TABLE canaries (
    revision TEXT PRIMARY KEY REFERENCES revisions (id) ON DELETE CASCADE,
    app TEXT NOT NULL,
    old TEXT NOT NULL,
    old_number INTEGER NOT NULL,
    share REAL NOT NULL,
    plan TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    state TEXT NOT NULL,
    ended_at INTEGER,
    reason TEXT,
    counts TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX running_canaries ON canaries (app) WHERE state = 'running';
  CREATE INDEX canaries_by_app ON canaries (app);

  ALTER TABLE aliases ADD COLUMN sticky TEXT;
  ALTER TABLE aliases ADD COLUMN reserved INTEGER NOT NULL DEFAULT 0;
`;

const signingKeys = `
  CREATE TABLE signing_keys (
    app TEXT PRIMARY KEY REFERENCES apps (id) ON DELETE CASCADE,
    sealed BLOB NOT NULL
  ) STRICT, WITHOUT ROWID;
`;

const provenHosts = `
  CREATE TABLE proven_hosts (
    app TEXT NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    host TEXT NOT NULL,
    proven_at INTEGER NOT NULL,
    PRIMARY KEY (app, host)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX proven_by_host ON proven_hosts (host);
`;

const members = "ALTER TABLE revisions ADD COLUMN members TEXT;";

/** @param seal returns the encryption of secrets; called only if there are secrets to encrypt again */
export function catalogMigrations(seal: () => Seal): readonly Migration[] {
  return [
    ...byName,
    (db) => takeOverVersions(db, tablesById, seal),
    tenantsByHost,
    largeFiles,
    traffic,
    signingKeys,
    provenHosts,
    factsOfTenants,
    members,
  ];
}
