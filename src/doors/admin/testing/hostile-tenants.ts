/** An API with two tenants, acme and other, that have apps, and with a token of each kind of principal. */
import { systemClock } from "../../../base/clock/clock.ts";
import type { NewPrincipal } from "../../../store/principals/principal.ts";
import { createClient } from "../client.ts";
import { WrongCredentials } from "../../../clients/wrong-credentials.ts";
import { bundle, manifest, type ServedApi, serveApi, token } from "./serve-api.ts";

/** Kinds of principals that are accepted. Those without another tenant in their name are of acme, or of the whole server. */
export const KINDS = [
  "operator",
  "made operator",
  "monitor",
  "admin",
  "deployer",
  "reader",
  "invoker",
  "deployer of shop",
  "reader of shop",
  "invoker of shop",
] as const;
export type Kind = (typeof KINDS)[number];

/** Kinds of tokens that are none. */
export const STRANGERS = ["nobody", "unknown token", "expired", "revoked"] as const;
type Stranger = (typeof STRANGERS)[number];

export interface HostileTenants extends ServedApi {
  tokens: Record<Kind | "admin of other", string>;
  strangers: Record<Stranger, string | undefined>;
  /** Ids. */
  acme: string;
  other: string;
  /** Whether the principal is of the whole server, so that it has to name the tenant. */
  isOfServer(kind: Kind): boolean;
  /** Deploys an app to a tenant by name. */
  deploy(tenant: string, app: string): Promise<void>;
}

export async function serveTwoTenants(): Promise<HostileTenants> {
  // All requests come from one address, and each is to be answered with its own error: time goes fast enough.
  let ms = 0;
  const served = await serveApi({ wrong: new WrongCredentials({ now: () => (ms += 60_000) }) });
  const { catalog, principals } = served;
  const [acme, other] = ["acme", "other"].map((name) => catalog.tenants.create(name).id) as [string, string];
  const deploy = async (tenant: string, app: string) => {
    const client = createClient({ url: served.server.url, token, tenant });
    await client.deploy(manifest({ name: app }), [bundle("main", "cjs", `${tenant} ${app}`)]);
  };
  for (const app of ["shop", "hidden"]) await deploy("acme", app);
  for (const app of ["shop", "theirs", "vault"]) await deploy("other", app);
  const now = systemClock.wall();
  const shop = [catalog.names.known(acme, "shop")!];
  const make = (
    name: string,
    role: NewPrincipal["role"],
    tenant: string | null,
    apps: string[] | null = null,
    expiresAt: number | null = null,
  ) => principals.createToken({ name, role, tenant, apps }, expiresAt, now);
  const revoked = make("gone", "tenant-admin", acme);
  principals.revoke("token", revoked.credential.id);
  return {
    ...served,
    acme,
    other,
    deploy,
    isOfServer: (kind) => kind === "operator" || kind === "made operator" || kind === "monitor",
    tokens: {
      operator: token,
      "made operator": make("root", "operator", null).token,
      monitor: make("monitor", "reader", null).token,
      admin: make("ada", "tenant-admin", acme).token,
      deployer: make("dee", "deployer", acme).token,
      reader: make("ray", "reader", acme).token,
      invoker: make("ivo", "invoker", acme).token,
      "deployer of shop": make("dos", "deployer", acme, shop).token,
      "reader of shop": make("ros", "reader", acme, shop).token,
      "invoker of shop": make("ios", "invoker", acme, shop).token,
      "admin of other": make("ada", "tenant-admin", other).token,
    },
    strangers: {
      nobody: undefined,
      "unknown token": "mayfly_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
      expired: make("old", "tenant-admin", acme, null, now - 1).token,
      revoked: revoked.token,
    },
  };
}
