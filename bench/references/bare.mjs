// Bare node:http without any FaaS: the upper bound for everything that runs on Node.
import { createServer } from "node:http";

const waitMs = Number(process.env.WAIT_MS ?? 0);
const server = createServer((_request, response) => {
  const reply = () => {
    response.writeHead(200, { "content-type": "text/plain;charset=UTF-8", "content-length": 6 });
    response.end("hello\n");
  };
  if (waitMs > 0) setTimeout(reply, waitMs);
  else reply();
});
server.listen(Number(process.env.PORT), "127.0.0.1");
