/** Opens ?count= connections to ?host=&port= at once, holds those that it gets until the next call, and reports how many came to what. */
import { connect, type Socket } from "node:net";

let held: Socket[] = [];

export default {
  async fetch(request: Request): Promise<Response> {
    const query = new URL(request.url).searchParams;
    for (const socket of held) socket.destroy();
    held = [];
    const outcomes = await Promise.all(
      Array.from({ length: Number(query.get("count")) }, () => open(query.get("host")!, Number(query.get("port")))),
    );
    const counts: Record<string, number> = {};
    for (const outcome of outcomes) counts[outcome] = (counts[outcome] ?? 0) + 1;
    return Response.json(counts);
  },
};

function open(host: string, port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, host, () => {
      held.push(socket);
      resolve("connected");
    });
    socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}
