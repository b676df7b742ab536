/** Looks up TXT records, through name servers that the operator chose. */
import { promises as dns } from "node:dns";

/** The first query is repeated after this time. */
const REPEAT_MS = 1_200;
const LONGEST_MS = 5_000;
const MOST_AT_ONCE = 64;

/** @param servers as isNameServer() allows; `system` alone: those of this host */
export function openLookUpTxt(servers: readonly string[]): (name: string) => Promise<string[]> {
  let underWay = 0;
  return async (name) => {
    if (underWay >= MOST_AT_ONCE) throw new Error("too many names are being looked up: try again");
    const resolver = new dns.Resolver({ timeout: REPEAT_MS, tries: 3 });
    if (!servers.includes("system")) resolver.setServers(servers);
    const timer = setTimeout(() => resolver.cancel(), LONGEST_MS);
    underWay += 1;
    try {
      return (await resolver.resolveTxt(name)).map((parts) => parts.join(""));
    } catch (error) {
      const { code = "" } = error as NodeJS.ErrnoException;
      if (code === "ENOTFOUND" || code === "ENODATA") return [];
      throw new Error(
        code === "ECANCELLED" || code === "ETIMEOUT" ? "the name servers did not answer in time" : `the name servers failed (${code})`,
        {
          cause: error,
        },
      );
    } finally {
      underWay -= 1;
      clearTimeout(timer);
    }
  };
}
