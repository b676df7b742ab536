/**
 * Entries of the setting `hosts`, which give hosts to apps: "www.shop.example=shop", "*.shop.example=shop", "www.shop.example=*". Apps of a tenant other
 * than `main` are named with their tenant: "www.shop.example=@acme/shop", "www.shop.example=@acme/*".
 */
import { isWithin, writtenHostName } from "./host-names.ts";

export interface HostEntry {
  /** Whether the entry covers all names below the host instead of the host itself. */
  below: boolean;
  host: string;
  /** The name of the app's tenant; null: `main`. */
  tenant: string | null;
  /** "*" means any app of the tenant. */
  app: string;
}

/** Undefined if the text is not an entry. */
export function hostEntryOf(text: string): HostEntry | undefined {
  const [, star, name = "", tenant = null, app = ""] = /^(\*\.)?([^=]+)=(?:@([\w-]{1,64})\/)?(\*|[\w-]{1,64})$/.exec(text.trim()) ?? [];
  const host = writtenHostName(name);
  return host === undefined ? undefined : { below: star !== undefined, host, tenant, app };
}

interface Surroundings {
  /** The domain below which apps have hosts. */
  domain?: string | undefined;
  /** The name or address on which the gateway listens. */
  listenHost?: string | undefined;
}

/** Why an entry of the setting `hosts` can never give a host to an app; undefined if it can. */
export function uselessEntry(text: string, { domain, listenHost }: Surroundings): string | undefined {
  const entry = hostEntryOf(text);
  if (entry === undefined) return undefined;
  const { host, below, tenant } = entry;
  if (tenant === "main") return "apps of the tenant main are named without it: host=app";
  if (isWithin(host, "localhost")) return "localhost and all names below it are the server's own";
  if (!below && host === (listenHost && writtenHostName(listenHost))) return "that is the host that the gateway listens on";
  const shared = domain && writtenHostName(domain);
  return shared && isWithin(host, shared) ? `below the domain each app has <app>.${shared} without an entry, and no other name` : undefined;
}
