import { WebSocketServer } from "ws";

const server = new WebSocketServer({ noServer: true });
server.on("connection", (socket) => socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary })));

export default {
  fetch: () => new Response("plain"),
  upgrade: (request, socket, head) => server.handleUpgrade(request, socket, head, (each) => server.emit("connection", each, request)),
};
