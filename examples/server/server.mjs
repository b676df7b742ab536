/**
 * A web server as it is anywhere: it listens on $PORT, and knows nothing of Mayfly.
 *
 *   mayfly deploy examples/server
 *   curl localhost:8080/guestbook/web
 *   curl -d Ada localhost:8080/guestbook/web/names
 *   curl localhost:8080/guestbook/web/names
 */
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";

// They last as long as the machine does, and mayfly.json lets there be one alone.
const names = [];

createServer(async (request, response) => {
  const { method, url } = request;
  console.log(`${method} ${url}`);
  if (url === "/names" && method === "POST") {
    let name = "";
    for await (const chunk of request.setEncoding("utf8")) name += chunk;
    names.push(name);
    response.writeHead(201).end();
  } else if (url === "/names") {
    response.setHeader("content-type", "application/json").end(JSON.stringify(names));
  } else if (url === "/") {
    response.setHeader("content-type", "text/html").end(await readFile("pages/welcome.html"));
  } else {
    response.writeHead(404).end("no such page\n");
  }
}).listen(process.env.PORT);
