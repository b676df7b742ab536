/** A notebook on port 8000 for the customer named by the variable CUSTOMER. Writing requires TOKEN. Notes are kept in /data. */
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";

const { CUSTOMER = "nobody", TOKEN = "" } = process.env;
const file = "/data/notes.jsonl";

const server = createServer(async (request, response) => {
  const [status, reply] = await answer(request);
  response.writeHead(status, { "content-type": "application/json" }).end(`${JSON.stringify(reply)}\n`);
});

async function answer(request: IncomingMessage): Promise<[number, unknown]> {
  if (request.method === "GET") return [200, { customer: CUSTOMER, notes: notes() }];
  if (request.method !== "POST") return [405, { error: "GET reads the notes, POST adds one" }];
  if (TOKEN === "" || request.headers.authorization !== `Bearer ${TOKEN}`) return [403, { error: "the token is wrong" }];
  // Written to the disk before the reply, because a machine may end at any time.
  appendFileSync(file, `${JSON.stringify(await text(request))}\n`, { flush: true });
  return [201, { customer: CUSTOMER, notes: notes().length }];
}

function notes(): string[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n").filter(Boolean);
  return lines.map((line) => JSON.parse(line) as string);
}

process.once("SIGTERM", () => {
  console.log("closing the notebook");
  server.close(() => process.exit(0));
  server.closeAllConnections();
});

server.listen(8000, () => console.log(`the notebook of ${CUSTOMER} is open`));
