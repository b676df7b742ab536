/** What `inject` in a manifest means: which secrets the host needs for it, and what it adds to requests. */
import type { Catalog, Version } from "./catalog.ts";
import { hostAndPort } from "./injection-schema.ts";
import type { Manifest } from "./manifest.ts";

interface NamedInjection {
  /** In lower case, as is the header. */
  host: string;
  port: number;
  header: string;
  /**
   * The whole value of the header as it is now: the secret may be changed or removed while machines run. Throws "no-such-secret", or an error that says why
   * a header cannot have it.
   */
  value: () => string;
}

/** What the value of a header may have, as far as all servers read it alike. */
const SENDABLE = /^[\t\x20-\x7e]*$/;

/** Whether the host adds secrets to requests of the app's machines. */
export function hasInjections({ inject = [] }: Pick<Manifest, "inject">): boolean {
  return inject.length > 0;
}

/** The names of all secrets without which no machine can be bound to the app, each once. */
export function neededSecrets({ secrets, inject = [] }: Pick<Manifest, "secrets" | "inject">): string[] {
  return [...new Set([...secrets, ...inject.map(({ secret }) => secret)])];
}

/** The names of all secrets that the manifest names: those of webhooks and of destinations, too, without which machines are bound all the same. */
export function namedSecrets(manifest: Pick<Manifest, "secrets" | "inject" | "functions">): string[] {
  const names = new Set(neededSecrets(manifest));
  for (const { triggers = [], async: repetition } of Object.values(manifest.functions)) {
    const holders = [...triggers, repetition?.onSuccess, repetition?.onFailure];
    for (const holder of holders) if (holder !== undefined && "secret" in holder && holder.secret !== undefined) names.add(holder.secret);
  }
  return [...names];
}

/** Throws "no-such-secret". */
export function injectionsOf(catalog: Pick<Catalog, "secrets">, { app, manifest: { inject = [] } }: Version): NamedInjection[] {
  catalog.secrets(
    app,
    inject.map(({ secret }) => secret),
  );
  return inject.map(({ host, header, secret, prefix = "" }) => ({
    ...hostAndPort(host),
    header: header.toLowerCase(),
    value: () => {
      const value = catalog.secrets(app, [secret])[secret]!;
      const why = unsendable(secret, value);
      if (why !== undefined) throw new Error(why);
      // Only what is left of it was found to be sendable: a mark of the byte order before it, say, is no text of a header.
      return (prefix + value.trim()).trim();
    },
  }));
}

/** Why the host could not add secrets with these values to requests, as a clause without the values; undefined if it can. */
export function unsendableSecret({ inject = [] }: Pick<Manifest, "inject">, values: Record<string, string>): string | undefined {
  for (const { secret } of inject) {
    const why = Object.hasOwn(values, secret) ? unsendable(secret, values[secret]!) : undefined;
    if (why !== undefined) return why;
  }
  return undefined;
}

function unsendable(secret: string, value: string): string | undefined {
  const text = value.trim();
  if (text === "") return `the secret ${secret} has nothing but spaces, and the host is to add it to requests`;
  return SENDABLE.test(text) ? undefined : `the secret ${secret} has characters that a header cannot have, such as a line break`;
}
