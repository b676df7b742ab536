/**
 * A guest book: POST a name and a line, GET the last lines, or ?of=<name> for somebody's.
 *
 * mayfly deploy examples/sql
 * curl -d '{"name":"Ada","line":"Hello"}' http://localhost:8080/sql/guests
 * curl http://localhost:8080/sql/guests?of=Ada
 */
import type { D1Database } from "mayfly/types";

interface Entry {
  name: string;
  line: string;
}

/** Of a database that is there already, nothing is changed. */
const tables = `
  CREATE TABLE IF NOT EXISTS guests (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, lines INTEGER NOT NULL DEFAULT 0);
  CREATE TABLE IF NOT EXISTS entries (id INTEGER PRIMARY KEY, guest INTEGER NOT NULL REFERENCES guests, line TEXT NOT NULL);`;

let made: Promise<unknown> | undefined;

export default {
  async fetch(request: Request, { DB }: { DB: D1Database }): Promise<Response> {
    await (made ??= DB.exec(tables));
    if (request.method === "POST") return add(DB, (await request.json()) as Entry);
    const of = new URL(request.url).searchParams.get("of");
    const { results } = await DB.prepare(
      "SELECT name, line FROM entries JOIN guests ON guests.id = guest WHERE ?1 IS NULL OR name = ?1 ORDER BY entries.id DESC LIMIT 20",
    )
      .bind(of)
      .all<Entry>();
    return Response.json(results);
  },
};

/** The guest, the line and the number of lines are one transaction. */
async function add(db: D1Database, { name, line }: Entry): Promise<Response> {
  const [, , counted] = await db.batch<{ lines: number }>([
    db.prepare("INSERT OR IGNORE INTO guests (name) VALUES (?)").bind(name),
    db.prepare("INSERT INTO entries (guest, line) SELECT id, ?2 FROM guests WHERE name = ?1").bind(name, line),
    db.prepare("UPDATE guests SET lines = lines + 1 WHERE name = ? RETURNING lines").bind(name),
  ]);
  return Response.json(counted!.results[0], { status: 201 });
}
