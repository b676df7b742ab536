/** It finds out about Mayfly by its variables and headers alone. With the parameter --deaf it never listens. */
const http = require("node:http");
const { part } = require("./part.cjs");
const { greet } = require("greeter");

const [word] = process.argv.slice(2);

const server = http.createServer((request, response) => {
  const { method, url, headers } = request;
  if (url === "/echo") {
    request.pipe(response.setHeader("content-type", "application/octet-stream"));
    return;
  }
  if (url === "/refuse") {
    // Nothing of the body is read.
    response.writeHead(413, { connection: "close" });
    response.end("too much", () => request.socket.destroy());
    return;
  }
  if (url === "/close") {
    setInterval(() => {}, 1_000_000);
    server.close();
    response.writeHead(200, { connection: "close" });
    response.end("closed");
    return;
  }
  response.setHeader("x-own", ["one", "two"]);
  response.end(
    JSON.stringify({ method, url, kind: headers["x-mayfly-kind"], part, greeting: greet("Ada"), word, colour: process.env.COLOUR }),
  );
});

if (word === "--deaf") setInterval(() => {}, 1_000_000);
else server.listen(process.env.PORT);
console.log(`up with ${word}`);
