/** URLs that let whoever has them call one function for a time, without a token. */
import type { Clock } from "../base/clock/clock.ts";
import { MayflyError } from "../base/errors/error.ts";
import { waysOf } from "../store/catalog/access-schema.ts";
import type { Catalog } from "../store/catalog/catalog.ts";
import type { Manifest } from "../store/catalog/manifest.ts";
import { signPath } from "../store/catalog/signed-path.ts";
import { appIdOf, tenantInUrl } from "./names.ts";

export interface SignParts {
  catalog: Pick<Catalog, "names" | "live" | "signingKeys">;
  clock: Pick<Clock, "wall">;
}

export interface SignRequest {
  function: string;
  method: string;
  /** Below the function, with its query: begins with a slash. */
  path: string;
  expiresInS: number;
}

export interface SignedUrl {
  /** Below the gateway's address. */
  path: string;
  /** Below a host that leads to the function. */
  pathInHost: string;
  /** Milliseconds since the epoch. */
  expiresAt: number;
  /** Whether the function, as it is deployed now, lets anybody in by a signed URL. */
  accepted: boolean;
}

/** Throws "no-such-app", "no-such-function" and "disk-full", and what reading the app's live revision throws. */
export function signUrl({ catalog, clock }: SignParts, tenant: string, name: string, { expiresInS, ...call }: SignRequest): SignedUrl {
  const app = appIdOf(catalog.names, tenant, name);
  const manifests = catalog.live(app).map(({ revision }) => revision.manifest);
  const having = manifests.filter(({ functions }) => Object.hasOwn(functions, call.function));
  if (having.length === 0) throw new MayflyError("no-such-function", { app: name, function: call.function });
  const expiresS = Math.ceil(clock.wall() / 1_000) + expiresInS;
  const pathInHost = signPath(catalog.signingKeys.ensure(app), call, expiresS);
  const prefix = tenantInUrl(catalog.names, tenant);
  const path = `${prefix === null ? "" : `/@${prefix}`}/${name}/${call.function}${pathInHost}`;
  return { path, pathInHost, expiresAt: expiresS * 1_000, accepted: having.some((manifest) => accepts(manifest, call.function)) };
}

/** URLs that were signed for the app before are refused from now on. Throws "no-such-app" and "disk-full". */
export function rotateSigningKey({ catalog }: Pick<SignParts, "catalog">, tenant: string, name: string): void {
  catalog.signingKeys.rotate(appIdOf(catalog.names, tenant, name));
}

function accepts({ access, functions }: Manifest, name: string): boolean {
  return waysOf(functions[name]?.access ?? access).includes("signed-url");
}
