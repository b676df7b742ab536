// One bare hop: a keep-alive reverse proxy on undici in front of bare.mjs, which costs what any gateway in front of another process costs.
import { createServer } from "node:http";
import { Pool } from "undici";

const pool = new Pool(`http://127.0.0.1:${process.env.UPSTREAM}`, { connections: 64, pipelining: 1 });
const server = createServer((request, response) => {
  const { method, url: path, headers } = request;
  delete headers.connection;
  pool.stream({ method, path, headers, body: method === "GET" ? null : request, opaque: response }, passOn, (error) => {
    if (error) response.destroy(error);
  });
});
server.listen(Number(process.env.PORT), "127.0.0.1");

function passOn({ statusCode, headers, opaque: response }) {
  delete headers.connection;
  delete headers["keep-alive"];
  response.writeHead(statusCode, headers);
  return response;
}
