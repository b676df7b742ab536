import { once } from "node:events";
import { createServer } from "node:net";
import { parseAddress } from "./address.ts";

/** Listens for a moment. Resolves with the system's code of why that is not possible; undefined: it is. */
export async function tryListen(address: string): Promise<string | undefined> {
  const { host, port } = parseAddress(address);
  const server = createServer().listen(port, host);
  try {
    await once(server, "listening");
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
  server.close();
  await once(server, "close");
  return undefined;
}
