/**
 * A list of books in a file of SQLite, with better-sqlite3: `external` in mayfly.json ships it with its native add-on, which npm's package brings.
 *
 *   (cd examples/sqlite && npm ci --ignore-scripts) && mayfly deploy examples/sqlite
 *   curl -d '{"title": "Emma", "author": "Jane Austen"}' localhost:8080/books/shelf
 *   curl 'localhost:8080/books/shelf?author=Jane+Austen'
 *
 * The file is in /tmp, the machine's memory: mayfly.json lets there be one machine alone, and the books are gone with it. They stay if the file is on
 * an NFS export (docs/nfs.md):
 *
 *   "mounts": [{ "nfs": "nfs.internal:/exports/books", "path": "/data" }], "env": { "DATABASE": "/data/books.db" }
 */
import Database from "better-sqlite3";

const books = new Database(process.env.DATABASE ?? "/tmp/books.db");
books.exec("CREATE TABLE IF NOT EXISTS books (title TEXT PRIMARY KEY, author TEXT NOT NULL)");
const add = books.prepare("INSERT INTO books (title, author) VALUES (?, ?) ON CONFLICT DO UPDATE SET author = excluded.author");
const find = books.prepare("SELECT title, author FROM books WHERE @author IS NULL OR author = @author ORDER BY title");

export default {
  async fetch(request) {
    if (request.method !== "POST") return Response.json(find.all({ author: new URL(request.url).searchParams.get("author") }));
    const { title, author } = await request.json().catch(() => ({}));
    if (typeof title !== "string" || typeof author !== "string") return new Response("a book has a title and an author\n", { status: 400 });
    add.run(title, author);
    return new Response("on the shelf\n", { status: 201 });
  },
};
