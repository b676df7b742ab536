/** Keeps in the catalog which hosts apps have shown to be theirs. */
import type { CatalogParts } from "./catalog-parts.ts";
import type { ProvenHosts } from "./proven-hosts.ts";

export function createProvenHosts({ queries: { hosts }, write, writeByAllMeans, clock }: CatalogParts): ProvenHosts {
  return {
    has: (app, host) => hosts.find(app, host) !== undefined,
    appsWith: (host) => hosts.apps(host).map(({ app }) => app),
    add: (app, host) => write(() => void hosts.add(app, host, Math.trunc(clock.wall()))),
    remove: (app, host) => writeByAllMeans(() => void hosts.remove(app, host)),
  };
}
