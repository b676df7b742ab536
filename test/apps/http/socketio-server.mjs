import { createServer } from "node:http";
import { Server } from "socket.io";

const server = createServer((request, response) => response.end("plain"));
new Server(server).on("connection", (socket) => {
  socket.on("echo", (given, answer) => answer({ given, transport: socket.conn.transport.name }));
  socket.on("room", () => socket.emit("bytes", Buffer.from([1, 2, 3])));
});
server.listen(process.env.PORT);
