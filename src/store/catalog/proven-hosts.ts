/** Hosts that apps have shown to be theirs by a record of DNS. `create-proven-hosts.ts` keeps them. */

/** `app` is an app's id, and hosts are in their normal form. */
export interface ProvenHosts {
  has(app: string, host: string): boolean;
  /** Ids of all apps that have shown the host to be theirs, perhaps long ago. */
  appsWith(host: string): string[];
  /** Throws "disk-full". */
  add(app: string, host: string): void;
  remove(app: string, host: string): void;
}
