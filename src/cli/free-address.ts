import { once } from "node:events";
import { createServer } from "node:net";

/** The address where it is free; else any free port of the same host, and says so. */
export async function addressOrAnyPort(address: string): Promise<string> {
  const at = address.lastIndexOf(":");
  const host = address.slice(0, at);
  if (await isFree(host.replace(/^\[|\]$/g, ""), Number(address.slice(at + 1)))) return address;
  console.error(`  ${address} is in use; another port is taken instead`);
  return `${host}:0`;
}

async function isFree(host: string, port: number): Promise<boolean> {
  const server = createServer().listen(port, host);
  try {
    await once(server, "listening");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EADDRINUSE") return false;
    throw error;
  }
  server.close();
  await once(server, "close");
  return true;
}
