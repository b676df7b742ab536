/**
 * SQL databases for machines, over HTTP: `POST /v1/<database>/query` with `{"statements": [{"sql": "…", "params": […]}]}`, which are one transaction, or `{"script": "…"}`.
 *
 * 1. A machine reaches the databases that its revision's bindings name, of its own app.
 * 2. The bytes of requests that are on their way are bounded, for all apps together and so that no tenant has all of them.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { z } from "zod";
import { guarded } from "../../base/errors/guarded.ts";
import { MayflyError } from "../../base/errors/error.ts";
import { Shares } from "../../clients/shares.ts";
import {
  type Database,
  MOST_REQUEST_BYTES,
  MOST_SQL_BYTES,
  MOST_STATEMENTS,
  type SqlDatabases,
  type SqlRequest,
} from "../../services/sql/sql.ts";
import type { ServiceCaller, ServiceDoor } from "../internal/service-door.ts";

const MOST_BYTES = 256 * 2 ** 20;

const sql = z.string().max(MOST_SQL_BYTES);
const value = z.union([z.null(), z.number(), z.string(), z.strictObject({ base64: z.base64() })]);
const requestSchema = z.union([
  z.strictObject({
    statements: z
      .array(z.strictObject({ sql, params: z.array(value).default([]) }))
      .min(1)
      .max(MOST_STATEMENTS),
  }),
  z.strictObject({ script: sql }),
]);

export function createSqlDoor(databases: Pick<SqlDatabases, "run">): ServiceDoor {
  const room = new Shares(MOST_BYTES);
  return {
    async answer(caller, request, response) {
      const found = /^\/v1\/([^/?]+)\/query$/.exec(request.url ?? "");
      if (found === null || request.method !== "POST") throw bad("SQL databases are asked with POST /v1/<database>/query");
      const database = databaseOf(caller, found[1]!);
      const asked = parsed(await bodyOf(request, response, room, caller.tenant));
      send(response, { results: await databases.run(database, asked) });
    },
  };
}

/** Throws "no-such-sql". */
function databaseOf({ tenant, app, appName, bindings }: ServiceCaller, name: string): Database {
  if (Object.values(bindings).some((binding) => "sql" in binding && binding.sql === name)) return { tenant, app, name };
  throw new MayflyError("no-such-sql", { app: appName, database: name.slice(0, 100) });
}

function parsed(body: Buffer): SqlRequest {
  let json: unknown;
  try {
    json = JSON.parse(body.toString());
  } catch {
    throw bad("the body must be JSON");
  }
  const { data, error } = requestSchema.safeParse(json);
  if (data === undefined)
    throw bad(`the body must have statements or a script: ${z.prettifyError(error).replaceAll(/\s+/g, " ").slice(0, 300)}`);
  return data;
}

/** The body, whole, which holds its room until the answer is sent. Rejects with "sql-too-large" and "sql-busy". */
function bodyOf(request: IncomingMessage, response: ServerResponse, room: Shares, tenant: string): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const chunks: Buffer[] = [];
  let bytes = 0;
  const stop = (error: unknown) => {
    request.removeAllListeners("data");
    reject(error);
  };
  const take = (chunk: Buffer) => {
    if (bytes + chunk.length > MOST_REQUEST_BYTES) throw bad(`a request must have at most ${MOST_REQUEST_BYTES} bytes`);
    if (!room.take(tenant, chunk.length)) throw new MayflyError("sql-busy", { most: MOST_BYTES });
    bytes += chunk.length;
    chunks.push(chunk);
  };
  const give = () => room.give(tenant, bytes);
  response.once(
    "close",
    guarded(give, () => {}),
  );
  request.on("data", guarded(take, stop));
  request.once(
    "end",
    guarded(() => resolve(Buffer.concat(chunks)), stop),
  );
  return promise;
}

function send(response: ServerResponse, answer: unknown): void {
  const body = Buffer.from(JSON.stringify(answer));
  response.writeHead(200, { "content-type": "application/json", "content-length": body.length });
  response.end(body);
}

function bad(what: string): MayflyError {
  return new MayflyError("bad-request", { what });
}
