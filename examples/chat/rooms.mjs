/**
 * A chat: everybody who is in a room gets what anybody there writes. Open http://127.0.0.1:8080/chat/ in two windows.
 *
 * Who is in which room is known to the machine that has their connections, so that the app has one machine (`maxMachines`). With more of them, rooms would be in a
 * store that all machines reach.
 */
import { WebSocketServer } from "ws";

const server = new WebSocketServer({ noServer: true, maxPayload: 16_384 });
const rooms = new Map();

server.on("connection", (socket, request) => {
  const name = new URL(request.url, "http://chat").pathname;
  const room = rooms.get(name) ?? rooms.set(name, new Set()).get(name);
  room.add(socket);
  const tell = (text) => room.forEach((each) => each.send(text));
  tell(`${room.size} here`);
  socket.on("message", (data) => tell(Buffer.from(data).toString()));
  socket.on("close", () => {
    room.delete(socket);
    if (room.size === 0) rooms.delete(name);
    else tell(`${room.size} here`);
  });
});

export default {
  fetch: () => new Response("this is a room: come by a WebSocket\n", { status: 426, headers: { upgrade: "websocket" } }),
  upgrade: (request, socket, head) => server.handleUpgrade(request, socket, head, (each) => server.emit("connection", each, request)),
};
