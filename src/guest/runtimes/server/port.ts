/** The port on which a program is to listen, and whether it does. */
import { type Socket, connect, createServer } from "node:net";
import type { AddressInfo } from "node:net";

/** A program that listens on "localhost" may have only the address of one family. */
const ADDRESSES = ["127.0.0.1", "::1"] as const;

/** A port that was free a moment ago. The one that the app's own variables name takes precedence. */
export function choosePort(env: Record<string, string>): Promise<number> {
  const own = Number(env["PORT"]);
  if (Number.isInteger(own) && own > 0 && own < 65_536) return Promise.resolve(own);
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/** The machine's own address at which something listens on the port; undefined if nothing does. */
export async function listeningAddress(port: number): Promise<string | undefined> {
  for (const host of ADDRESSES) if (await accepts(host, port)) return host;
  return undefined;
}

function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket: Socket = connect({ host, port });
    const end = (accepted: boolean) => {
      socket.destroy();
      resolve(accepted);
    };
    socket.once("connect", () => end(true));
    socket.once("error", () => end(false));
  });
}
