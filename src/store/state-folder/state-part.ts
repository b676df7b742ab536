/**
 * What the state folder consists of, for backups. Each store says of its own files what they are, and which rows are a tenant's; `src/backup/state-parts.ts` is the list of
 * all, so that what is kept and what a tenant's backup has is decided where the tables are.
 */
export type StatePart = DatabasePart | FolderPart | FilePart;

export interface DatabasePart {
  kind: "database";
  /** In the state folder. */
  path: string;
  /** All tables of the file. */
  tables: readonly TablePart[];
  /** SQL: the names of the files in folders of the state folder that the rows refer to. */
  content?: string;
  /** SQL that follows a change of many rows, in the same transaction: it counts anew what rows tell of each other. */
  mends?: string;
}

export interface TablePart {
  name: string;
  /**
   * Which rows are a tenant's, as an SQL condition that looks at no row that is not the tenant's. It finds the ids of the tenant and of its apps and appliances in the
   * column `id` of the table `own`.
   */
  of: string;
  /** Which rows every server has, as a condition. */
  everywhere?: string;
  /** Whether a row may be of several tenants. */
  isShared?: true;
  /** Whether rows of a tenant stay as they are if it has some already: they tell what was, and went on after the backup. */
  isRecord?: true;
  /** Columns that number rows of this file: by their names, the column that gives these numbers out. Among other tenants' rows, a tenant's get other numbers. */
  numbers?: Readonly<Record<string, `${string}.${string}`>>;
}

/** A folder. */
export interface FolderPart {
  kind: "folder";
  path: string;
  /** Which of its files are a tenant's, by their paths below it; without this, a tenant's backup has none. */
  of?: (path: string, tenant: TenantsEntries) => boolean;
  /** Whether its files ending in .db are databases that somebody may be writing. */
  hasDatabases?: true;
  /** Whether a file in it never changes, and is removed by nobody while a backup is made: see backup-lock.ts. */
  isContent?: true;
}

export interface FilePart {
  kind: "file";
  path: string;
  /** Whether the backup of a tenant has it, too. */
  ofTenants?: true;
}

/** By which a folder's entries are known to be a tenant's. */
interface TenantsEntries {
  /** The ids of the tenant, its apps and its appliances. */
  own: ReadonlySet<string>;
  /** The names of files that the tenant's rows of the databases refer to. */
  content: ReadonlySet<string>;
}
