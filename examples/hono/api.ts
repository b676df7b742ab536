/**
 * A Hono app with several routes; it runs unchanged and is bundled at deploy. Its routes begin at / because the gateway removes
 * /<app>/<function> from the path.
 *
 * mayfly deploy examples/hono
 * mayfly invoke hono/api --path /notes --method POST --header 'content-type: application/json' --data '{"text":"milk"}'
 * mayfly invoke hono/api --path /notes
 */
import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";

interface Note {
  id: number;
  text: string;
}

/** The notes live only as long as the machine; a real app would store them elsewhere. */
const notes: Note[] = [];

const app = new Hono();

app.get("/", (c) => c.text("A notebook. GET /notes, POST /notes, GET /notes/:id\n"));

app.get("/notes", (c) => c.json(notes));

app.post("/notes", async (c) => {
  const { text } = await c.req.json<{ text?: string }>();
  if (!text) throw new HTTPException(400, { message: "a note needs text" });
  const note = { id: notes.length + 1, text };
  notes.push(note);
  return c.json(note, 201);
});

app.get("/notes/:id", (c) => {
  const note = notes[Number(c.req.param("id")) - 1];
  return note ? c.json(note) : c.notFound();
});

export default app;
