/** A changed secret renews the machines of an app whose live version names it: machines get secrets when they are bound, and keep them. */
import { MayflyError } from "../base/errors/error.ts";
import type { Catalog } from "../store/catalog/catalog.ts";
import { tooMuchEnvironment } from "../store/catalog/environment-limit.ts";
import type { Serving } from "./serving.ts";

export interface SecretParts {
  catalog: Pick<Catalog, "live" | "secretNames" | "secrets" | "setSecret" | "removeSecret">;
  serving: Pick<Serving, "deployed">;
}

/** May come before the app's first deploy. Throws "bad-request" where no machine could be told so much, and "disk-full". */
export function setSecret(parts: SecretParts, app: string, name: string, value: string): void {
  refuseTooMuch(parts.catalog, app, name, value);
  parts.catalog.setSecret(app, name, value);
  renewMachines(parts, app, name);
}

/** Changes nothing where there is no such secret, but for the app's machines, which are renewed. */
export function removeSecret(parts: SecretParts, app: string, name: string): void {
  parts.catalog.removeSecret(app, name);
  renewMachines(parts, app, name);
}

/** Without this, the calls of the live version would find out one by one. */
function refuseTooMuch(catalog: SecretParts["catalog"], app: string, name: string, value: string): void {
  const live = catalog.live(app);
  if (!live?.manifest.secrets.includes(name)) return;
  const set = new Set(catalog.secretNames(app));
  const others = live.manifest.secrets.filter((each) => each !== name && set.has(each));
  const what = tooMuchEnvironment(live.manifest, { ...catalog.secrets(app, others), [name]: value });
  if (what !== undefined) throw new MayflyError("bad-request", { what: `with this value of ${name}, ${what}; nothing was set` });
}

function renewMachines({ catalog, serving }: SecretParts, app: string, name: string): void {
  const live = catalog.live(app);
  if (live?.manifest.secrets.includes(name)) serving.deployed(live);
}
