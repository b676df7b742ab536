/** Hosts that apps have shown to be theirs by a record of DNS. */
import type { CatalogParts } from "./catalog-parts.ts";

/** `app` is an app's id, and hosts are in their normal form. */
export interface ProvenHosts {
  has(app: string, host: string): boolean;
  /** Ids of all apps that have shown the host to be theirs, perhaps long ago. */
  appsWith(host: string): string[];
  /** Throws "disk-full". */
  add(app: string, host: string): void;
  remove(app: string, host: string): void;
}

export function createProvenHosts({ queries: { hosts }, write, writeByAllMeans, clock }: CatalogParts): ProvenHosts {
  return {
    has: (app, host) => hosts.find(app, host) !== undefined,
    appsWith: (host) => hosts.apps(host).map(({ app }) => app),
    add: (app, host) => write(() => void hosts.add(app, host, Math.trunc(clock.wall()))),
    remove: (app, host) => writeByAllMeans(() => void hosts.remove(app, host)),
  };
}
