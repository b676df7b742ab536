import { tryListen } from "../base/listen/try-listen.ts";

/** Returns the address if it is free; otherwise any free port of the same host, and says so. */
export async function addressOrAnyPort(address: string): Promise<string> {
  const refusal = await tryListen(address);
  if (refusal === undefined) return address;
  // If the port is not in use, any other port of that host would be refused for the same reason.
  if (refusal !== "EADDRINUSE") throw new Error(`Mayfly cannot listen on ${address}: ${refusal}`);
  console.error(`  ${address} is in use; another port is taken instead`);
  return `${address.slice(0, address.lastIndexOf(":"))}:0`;
}
