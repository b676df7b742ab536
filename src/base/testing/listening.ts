import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";

/** Opens a test's server on a free port. Resolves with the port. */
export async function listening(server: Server, host = "127.0.0.1"): Promise<number> {
  server.listen(0, host);
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

/** A port that nothing listens on: it was free a moment ago, and the system gives ports out in turn. */
export async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listening(server);
  server.close();
  await once(server, "close");
  return port;
}
