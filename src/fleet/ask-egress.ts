import type { Egress } from "../egress/egress.ts";
import { MayflyError } from "../base/errors/error.ts";

const TOLD = new Set(["egress-denied", "egress-full"]);

/**
 * Passes a guest's question to its machine's egress.
 * @param egress null if the app has no network
 * @param log called with a sentence on what was refused
 */
export async function askEgress<T>(
  egress: Egress | null,
  address: string,
  question: (egress: Egress) => Promise<T>,
  log: (text: string) => void,
): Promise<T> {
  try {
    if (egress === null) throw new MayflyError("egress-denied", { address: address.slice(0, 300), reason: "the app has no network" });
    return await question(egress);
  } catch (error) {
    if (error instanceof MayflyError && TOLD.has(error.code)) log(error.message);
    throw error;
  }
}
