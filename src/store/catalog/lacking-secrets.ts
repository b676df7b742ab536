import { MayflyError } from "../../base/errors/error.ts";
import type { Catalog, Version } from "./catalog.ts";
import { neededSecrets } from "./injections.ts";

/** The secret that the revision's manifest names and that cannot be had, as a clause. Without it no machine could be bound. */
export function lackingSecret(catalog: Pick<Catalog, "secrets">, { app, manifest }: Version): string | undefined {
  try {
    catalog.secrets(app, neededSecrets(manifest));
    return undefined;
  } catch (error) {
    // Other failures may be over by the time that a machine is bound; binding reports them then.
    if (error instanceof MayflyError && lasting.has(error.code)) return error.message.replace(/\.$/, "");
    return undefined;
  }
}

const lasting = new Set(["no-such-secret", "secret-key-unusable"]);
