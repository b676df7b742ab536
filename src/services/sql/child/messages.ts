/** What the server and a tenant's process of databases tell each other: frames of a length (u32, little-endian) and JSON. One request is answered before the next is sent. */
import type { SqlRequest, SqlResult } from "../sql.ts";

export interface SqlJob {
  /** The tenant's folder. Within `confine`, it is the root folder. */
  folder: string;
  /** Missing if the server does not run as root. */
  confine?: { uid: number };
}

export interface ToSql {
  app: string;
  name: string;
  /** Of the database, bytes. */
  mostBytes: number;
  rules: CopyRules;
  /** Wall clock, ms. */
  now: number;
  ask: SqlAsk;
}

/** Statements, on the database or on a copy; a copy now; a copy in the place of the database, or as another one. */
export type SqlAsk = { request: SqlRequest; copy?: number } | { makeCopy: true } | { restore: number; as: string };

export interface CopyRules {
  /** How far copies are apart, at least, if there is nobody who asks for one. 0: none is made then. */
  everyMs: number;
  keepMs: number;
  /** Of all copies of a database together. */
  mostBytes: number;
}

export type FromSql =
  | { ready: true }
  /** It may take longer than statements may, until `copied`. */
  | { copying: true }
  /** @param failed why there is none */
  | { copied: true; failed?: string | undefined }
  | { results: SqlResult[] }
  /** Null: none was made. */
  | { copy: number | null }
  | { failed: SqlFailure };

/** sql: the statement is at fault. large: it returns too much. full: the database, or its copies, would be larger than they may be. missing: there is no such copy. */
export interface SqlFailure {
  kind: "sql" | "large" | "full" | "missing";
  what: string;
}

/** Bytes of the longest frame: a result in base64 is a third longer. */
const MOST_FRAME = 64 * 1_048_576;

export function frameOf(message: ToSql | FromSql): Buffer {
  const body = Buffer.from(JSON.stringify(message));
  const head = Buffer.alloc(4);
  head.writeUInt32LE(body.length);
  return Buffer.concat([head, body]);
}

/** Puts chunks together to frames. */
export class Frames {
  #chunks: Buffer[] = [];
  #bytes = 0;

  /** The frames that are whole by now. Throws if one is too long. */
  *take(chunk: Buffer): Generator<Buffer> {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    for (let length = this.#length(); length !== null && this.#bytes >= 4 + length; length = this.#length()) {
      const all = this.#whole();
      this.#chunks = [all.subarray(4 + length)];
      this.#bytes -= 4 + length;
      yield all.subarray(4, 4 + length);
    }
  }

  #length(): number | null {
    if (this.#bytes < 4) return null;
    if (this.#chunks[0]!.length < 4) this.#chunks = [this.#whole()];
    const length = this.#chunks[0]!.readUInt32LE();
    if (length > MOST_FRAME) throw new Error(`a frame of ${length} bytes`);
    return length;
  }

  #whole(): Buffer {
    return this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks);
  }
}
