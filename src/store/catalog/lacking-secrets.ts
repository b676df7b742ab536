import { MayflyError } from "../../base/errors/error.ts";
import type { Catalog, Version } from "./catalog.ts";

/** Which secret of the version's manifest is not to be had, as a clause: no machine could be bound without it. */
export function lackingSecret(catalog: Pick<Catalog, "secrets">, { app, manifest }: Version): string | undefined {
  try {
    catalog.secrets(app, manifest.secrets);
    return undefined;
  } catch (error) {
    // Another failure may be over by the time that a machine is bound; there it is told.
    if (error instanceof MayflyError && lasting.has(error.code)) return error.message.replace(/\.$/, "");
    return undefined;
  }
}

const lasting = new Set(["no-such-secret", "secret-key-unusable"]);
