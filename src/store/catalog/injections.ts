/** What `inject` in a manifest means: which secrets the host needs for it, and what it adds to requests. */
import type { Catalog, Version } from "./catalog.ts";
import { hostAndPort } from "./injection-schema.ts";
import type { Manifest } from "./manifest.ts";

interface NamedInjection {
  /** In lower case, as is the header. */
  host: string;
  port: number;
  header: string;
  /** The whole value of the header. */
  value: string;
  /** The secret's name. */
  secret: string;
}

/** Whether the host adds secrets to requests of the app's machines. */
export function hasInjections({ inject = [] }: Pick<Manifest, "inject">): boolean {
  return inject.length > 0;
}

/** The names of all secrets without which no machine can be bound to the app, each once. */
export function neededSecrets({ secrets, inject = [] }: Pick<Manifest, "secrets" | "inject">): string[] {
  return [...new Set([...secrets, ...inject.map(({ secret }) => secret)])];
}

/** Throws "no-such-secret". */
export function injectionsOf(catalog: Pick<Catalog, "secrets">, { app, manifest: { inject = [] } }: Version): NamedInjection[] {
  const values = catalog.secrets(
    app,
    inject.map(({ secret }) => secret),
  );
  return inject.map(({ host, header, secret, prefix = "" }) => ({
    ...hostAndPort(host),
    header: header.toLowerCase(),
    value: (prefix + values[secret]).trim(),
    secret,
  }));
}
