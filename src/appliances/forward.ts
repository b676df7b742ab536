/** A published port: it listens as long as its appliance is to run, and leads to whatever machine runs it now. */
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { MayflyError } from "../errors/error.ts";
import type { PublishedPort } from "./spec.ts";

export interface Forward {
  close(): void;
}

/** @param dial a connection into the machine; undefined where there is none now. Rejects with "port-in-use". */
export async function openForward({ address, host }: PublishedPort, dial: () => Socket | undefined): Promise<Forward> {
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const machine = dial();
    open.add(client);
    client.once("close", () => open.delete(client));
    if (machine === undefined) client.resetAndDestroy();
    else join(client, machine);
  });
  await listening(server, address, host);
  return {
    close() {
      server.close();
      for (const client of open) client.destroy();
    },
  };
}

async function listening(server: Server, address: string, port: number): Promise<void> {
  server.listen(port, address);
  try {
    await once(server, "listening");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const place = `${address.includes(":") ? `[${address}]` : address}:${port}`;
    if (code === "EADDRINUSE") throw new MayflyError("port-in-use", { address: place, key: "--publish" }, error);
    throw new MayflyError("bad-appliance", { what: `${place} cannot be published: ${message}` }, error);
  }
}

/** Both ways; each end's close or failure ends the other. */
export function join(one: Socket, other: Socket): void {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    from.on("error", () => to.destroy()); // "close" follows; the peer sees the end
    from.once("close", () => to.destroySoon());
    from.pipe(to);
  }
}
