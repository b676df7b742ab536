/** Tries to connect to ?host=&port= and reports the result: the first line that the other side sent, or the error. */
import { connect } from "node:net";

export default {
  async fetch(request: Request): Promise<Response> {
    const query = new URL(request.url).searchParams;
    try {
      return Response.json({ said: await firstLine(query.get("host")!, Number(query.get("port"))) });
    } catch (error) {
      const { message, code } = error as NodeJS.ErrnoException;
      return Response.json({ error: message, code });
    }
  },
};

function firstLine(host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: 60_000 });
    socket.once("data", (data) => {
      resolve(data.toString().trim());
      socket.destroy();
    });
    socket.once("end", () => reject(new Error("closed without a word")));
    socket.once("timeout", () => socket.destroy(new Error("timed out")));
    socket.once("error", reject);
  });
}
