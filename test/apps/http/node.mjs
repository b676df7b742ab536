import { WebSocketServer } from "ws";

const server = new WebSocketServer({ noServer: true });
let opened = 0;
server.on("connection", (socket, request) => {
  opened += 1;
  socket.send(`hello ${opened} at ${request.url} of ${process.env.MAYFLY_VERSION}`);
  socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
  socket.on("close", (code) => console.log(`closed with ${code}`));
});

export default {
  fetch: () => new Response(String(opened)),
  upgrade: (request, socket, head) => server.handleUpgrade(request, socket, head, (each) => server.emit("connection", each, request)),
};
