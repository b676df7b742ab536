/** The audit log: who did what to what through the management API, from where, and with what result. `open-audit.ts` implements it. */

/** One call of the management API. Lines are written once and never changed. */
export interface AuditLine {
  /** Milliseconds since the epoch. */
  at: number;
  /** The name of the principal; null: the token was not known. */
  principal: string | null;
  /** The name of the principal's tenant; null: it is of the whole server, or not known. */
  of: string | null;
  role: string | null;
  /** The address at the other end of the connection, or the one that a trusted proxy saw. */
  address: string;
  /** The name of the route, such as `deploy`. */
  action: string;
  /** The name of the tenant that it was about; null: the whole server. */
  tenant: string | null;
  /** What it was done to, such as `shop` or `shop/blue`; empty: the tenant or the server as a whole. */
  target: string;
  /** `ok`, or the code of the error. */
  result: string;
  /** The status of the reply. */
  status: number;
  /** How many such calls the line stands for, if it is more than one: see open-audit.ts and repeated-reads.ts. `at` is when the line was written then. */
  calls?: number;
}

export interface AuditQuery {
  /** The most lines, the newest ones. */
  tail: number;
  /** Only lines that are not older: milliseconds since the epoch. */
  since?: number | undefined;
  /** Only lines that are older: milliseconds since the epoch. */
  before?: number | undefined;
  /** Only lines with this text, in whatever case. */
  search?: string | undefined;
}

export interface Audit {
  /**
   * Writes the line before it returns. Never throws: what cannot be written is told to the server's log.
   * @param owner the id of the tenant that may read it; null: only the operator @param reads whether the call could change nothing
   * @param reader the session of a browser: what it reads again and again is summed up, see repeated-reads.ts
   */
  write(owner: string | null, line: AuditLine, reads?: boolean, reader?: string): void;
  /** Calls back with each line that is written from now on. Returns a function that stops it. */
  follow(owner: string | undefined, callback: (line: AuditLine) => void): () => void;
  /** The newest lines, oldest first. Of those of one millisecond, all or none are there, so that the next page begins before it. @param owner a tenant's id; undefined: of all tenants and the server */
  read(owner: string | undefined, query: AuditQuery): Promise<AuditLine[]>;
  /** Deletes what is left of tenants that were removed long ago. */
  forget(exists: (tenant: string) => boolean): void;
  close(): void;
}
