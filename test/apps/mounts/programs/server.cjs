/** Keeps the body of a PUT under the request's path, and gives it to a GET. It adds a line to a file when it starts. */
const fs = require("node:fs");
const http = require("node:http");

fs.appendFileSync("/data/starts", "server\n");
const server = http.createServer((request, response) => {
  const file = `/data${request.url}`;
  if (request.method === "PUT") request.pipe(fs.createWriteStream(file)).on("close", () => response.end("kept"));
  else
    fs.createReadStream(file)
      .on("error", ({ code }) => response.writeHead(404).end(code))
      .pipe(response);
});
server.listen(Number(process.env.PORT));
