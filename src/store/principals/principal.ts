/**
 * Who calls: principals, and the tokens and key pairs by which they are known. `Principals` is the contract; `open-principals.ts` implements it. What a
 * principal may do is decided in rights.ts.
 */

/** In the order of what they may do, the mightiest first. */
export const ROLES = ["operator", "tenant-admin", "deployer", "reader", "invoker"] as const;
export type Role = (typeof ROLES)[number];

export interface Principal {
  id: string;
  /** Unique in its tenant. */
  name: string;
  role: Role;
  /** The id of its tenant; null: it is of the whole server. */
  tenant: string | null;
  /** Ids of the apps that it is bounded to; null: all of the tenant. */
  apps: readonly string[] | null;
}

/** What a principal is made of, apart from its id. */
export type NewPrincipal = Omit<Principal, "id">;

/** A token or a key pair, without what is secret of it. Times are milliseconds since the epoch. */
export interface Credential {
  /** A token's id, or the id of an access key. */
  id: string;
  principal: Principal;
  createdAt: number;
  /** null: it does not expire. */
  expiresAt: number | null;
  /** When it was last accepted, to the minute after a kill of the server; null: never. */
  lastUsedAt: number | null;
}

export type CredentialKind = "token" | "key";

export interface OpenKey {
  readonly principal: Principal;
  readonly secret: string;
  /** Called when somebody has shown to have the secret: whoever names the key pair has not. @param now milliseconds since the epoch */
  used(now: number): void;
}

export interface Principals {
  /** The principal whose token this is; null if no token has this text, or it has expired. @param now milliseconds since the epoch */
  ofToken(token: string, now: number): Principal | null;
  /** Whose key pair this is, and the secret to check a signature with; null if there is no such key pair, or it has expired. */
  ofAccessKey(accessKeyId: string, now: number): OpenKey | null;
  /**
   * Makes a token, and its principal if it is new. The token is returned here and never again. Throws "principal-differs" if a principal of that name has
   * another role or other apps, "too-many-credentials" and "disk-full".
   * @param expiresAt milliseconds since the epoch; null: it does not expire
   */
  createToken(owner: NewPrincipal, expiresAt: number | null, now: number): { credential: Credential; token: string };
  /** Makes a key pair, as createToken() makes a token. */
  createKey(owner: NewPrincipal, expiresAt: number | null, now: number): { credential: Credential; secret: string };
  /** Those of the tenant, oldest first. @param tenant its id; null: those of principals of the whole server; undefined: all */
  list(kind: CredentialKind, tenant: string | null | undefined): Credential[];
  /** From this call on it is refused. Its principal goes with its last credential. Returns false if there is none of this id. */
  revoke(kind: CredentialKind, id: string): boolean;
  /** Revokes every credential of the tenant's principals. */
  removeTenant(tenant: string): void;
  /** Stores when credentials were last used. */
  close(): void;
}
