import { errorTable } from "../base/errors/table.ts";
import { tryListen } from "../base/listen/try-listen.ts";
import type { Finding } from "./finding.ts";

/** @param key the setting that names the address, host:port */
export async function checkPort(part: string, key: string, address: string): Promise<Finding> {
  const refusal = await tryListen(address);
  if (refusal === undefined) return { part, ok: true, detail: `${address} is free` };
  if (refusal !== "EADDRINUSE")
    return { part, ok: false, detail: `${address} cannot be used: ${refusal}`, cure: `Choose another address with the setting ${key}.` };
  if (await isMayfly(address)) return { part, ok: true, detail: `${address} is served by a running Mayfly` };
  return {
    part,
    ok: false,
    detail: `${address} is in use by another program`,
    cure: `Stop it, or choose another address with the setting ${key}.`,
  };
}

/** Both of Mayfly's servers answer an unknown path with an error of the table. */
async function isMayfly(address: string): Promise<boolean> {
  try {
    const reply = await fetch(`http://${address}/.mayfly-doctor`, { signal: AbortSignal.timeout(1000) });
    const body = (await reply.json()) as { error?: { code?: string; docs?: string } };
    return (body.error?.code ?? "") in errorTable && body.error?.docs !== undefined;
  } catch {
    // A program that does not answer so is another one.
    return false;
  }
}
