/**
 * Whom a connection is from, and which store it is about. `AUTH <app>.<store> <token>`: the user's name is the store's. A principal of the whole server may name a tenant:
 * `<tenant>/<app>.<store>`. In place of a token, the password may be a key pair, as `<id>:<secret>`.
 */
import { timingSafeEqual } from "node:crypto";
import type { Clock } from "../../base/clock/clock.ts";
import { mainTenant } from "../../base/ids/new-id.ts";
import type { Store } from "../../services/kv/kv.ts";
import type { Catalog } from "../../store/catalog/catalog.ts";
import { nameSchema } from "../../store/catalog/name-schema.ts";
import type { Principal, Principals } from "../../store/principals/principal.ts";
import { may } from "../../store/principals/rights.ts";

/** What a connection may do. */
export interface Identity {
  /** The id of the tenant whose share of connections and memory it takes. */
  holder: string;
  /** Null: it has named none yet. Its id is asked for anew for each step, so that the rights and the app that there were count no longer than they are there. */
  storeOf(writes: boolean): Store | Refused;
  /** Another store. */
  select(name: string): Identity | Refused;
}

export interface Refused {
  error: string;
  /** Whether the connection ends with it. */
  isOver?: true;
}

export interface IdentifyParts {
  principals: Pick<Principals, "ofToken" | "ofAccessKey">;
  names: Pick<Catalog["names"], "tenant" | "holder">;
  clock: Pick<Clock, "wall">;
}

export const NO_STORE: Refused = { error: "ERR no store was named: AUTH <app>.<store> <token>, or SELECT <app>.<store>" };

/** Null: nobody has these credentials. @param user undefined: the one by itself, that names no store */
export function identify(parts: IdentifyParts, user: string | undefined, password: string): Identity | Refused | null {
  const known = holderOf(parts, password);
  if (known === null) return null;
  const identity = identityOf(parts, known, undefined);
  return user === undefined || user === "default" || user === "" ? identity : identity.select(user);
}

/** The principal, as long as there is one. */
type Known = () => Principal | null;

function holderOf({ principals, clock }: IdentifyParts, password: string): Known | null {
  const ofToken = () => principals.ofToken(password, clock.wall());
  if (ofToken() !== null) return ofToken;
  const colon = password.indexOf(":");
  if (colon === -1) return null;
  const [id, secret] = [password.slice(0, colon), password.slice(colon + 1)];
  const ofKey = () => {
    const key = principals.ofAccessKey(id, clock.wall());
    return key !== null && isSame(key.secret, secret) ? key : null;
  };
  const found = ofKey();
  found?.used(clock.wall());
  return found === null ? null : () => ofKey()?.principal ?? null;
}

function isSame(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}

interface Named {
  tenant: string;
  app: string;
  store: string;
  shown: string;
}

function identityOf(parts: IdentifyParts, known: Known, named: Named | undefined): Identity {
  const principal = known();
  return {
    holder: principal?.tenant ?? mainTenant,
    storeOf(writes) {
      const now = known();
      if (now === null) return { error: "NOAUTH the token or the key is not valid any more", isOver: true };
      if (named === undefined) return NO_STORE;
      const app = appOf(parts, now, named);
      if (typeof app !== "string") return app;
      if (!may(now, writes ? "deploy" : "read-logs", { tenant: named.tenant, app }))
        return { error: `NOPERM the principal ${now.name} may not ${writes ? "change" : "read"} what the app ${named.app} keeps` };
      return { tenant: named.tenant, app, name: named.store };
    },
    select(name) {
      const now = known();
      if (now === null) return { error: "NOAUTH the token or the key is not valid any more", isOver: true };
      const chosen = namedIn(parts, now, name);
      if ("error" in chosen) return chosen;
      const app = appOf(parts, now, chosen);
      return typeof app === "string" ? identityOf(parts, known, chosen) : app;
    },
  };
}

function namedIn({ names }: IdentifyParts, { tenant: own }: Principal, text: string): Named | Refused {
  const [, asked, app = "", store = ""] = /^(?:([^/]+)\/)?([^./]+)\.([^./]+)$/.exec(text) ?? [];
  if (!nameSchema.safeParse(app).success || !nameSchema.safeParse(store).success)
    return { error: `ERR ${shownName(text)} names no store: it must be <app>.<store>` };
  // Whether there is such a tenant is nothing that another's principal learns.
  const tenant = asked === undefined ? (own ?? mainTenant) : names.tenant(asked, false);
  if (tenant === undefined || (own !== null && own !== tenant)) return { error: `ERR there is no tenant ${shownName(asked ?? "")}` };
  return { tenant, app, store, shown: text };
}

/** The app's id. What a principal is not bounded to is answered as what does not exist. */
function appOf({ names }: IdentifyParts, { apps, tenant }: Principal, named: Named): string | Refused {
  const holder = names.holder(named.tenant, named.app);
  const isThere = holder?.kind === "app" && (apps === null || apps.includes(holder.id)) && (tenant === null || tenant === named.tenant);
  return isThere ? holder.id : { error: `ERR there is no app ${shownName(named.app)}` };
}

export function shownName(text: string): string {
  return `'${text.slice(0, 100).replaceAll(/[^ -~]/g, "?")}'`;
}
