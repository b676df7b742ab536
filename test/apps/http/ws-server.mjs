import { createServer } from "node:http";
import { WebSocketServer } from "ws";

const server = createServer((request, response) => response.end("plain"));
new WebSocketServer({ server, perMessageDeflate: { threshold: 10 }, handleProtocols: (offered) => [...offered].at(-1) ?? false }).on(
  "connection",
  (socket) => {
    socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
  },
);
server.listen(process.env.PORT);
