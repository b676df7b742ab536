/**
 * Principals with their tokens and key pairs, in one SQLite file.
 *
 * Owns: every credential, in memory too, because each call of a function may need one.
 * Invariants:
 * 1. What is made or revoked is on disk before the call returns, and then counts in memory. kill -9 at any moment leaves the old or the new state.
 * 2. A token is kept only as its SHA-256. The secret of a key pair is encrypted, and decrypted at its first use.
 * 3. A principal is there as long as it has a token or a key pair, even an expired one.
 * 4. When a credential was last used is stored once a minute, and not at each call: kill -9 loses the last minute of it.
 * 5. The token in the file `api-token` is the operator's. It is in no table, and nothing here revokes it.
 */
import type { DatabaseSync } from "node:sqlite";
import type { Clock } from "../../base/clock/clock.ts";
import { MayflyError } from "../../base/errors/error.ts";
import { newId } from "../../base/ids/new-id.ts";
import type { Seal } from "../catalog/seal.ts";
import { failureOf } from "../sqlite/failure.ts";
import { openDatabase } from "../sqlite/open.ts";
import { transaction } from "../sqlite/transaction.ts";
import type { Reserve } from "../state-folder/reserve.ts";
import { noReserve, writeWithReserve } from "../state-folder/write-with-reserve.ts";
import { digestOf, newAccessKeyId, newSecret, newToken } from "./credentials.ts";
import type { Credential, CredentialKind, NewPrincipal, OpenKey, Principal, Principals } from "./principal.ts";
import { type CredentialRow, principalQueries, type Queries } from "./queries.ts";
import { principalMigrations } from "./schema.ts";

export interface PrincipalsOptions {
  seal: Seal;
  /** The token that was made at the first start. */
  operatorToken: string;
  clock: Clock;
  /** Called if it could not be stored when credentials were used, or a secret cannot be decrypted. */
  onFailure: (error: unknown) => void;
  /** The most tokens and key pairs of a tenant together. */
  most?: number;
  /** For revocations on a full disk. Default: there is none. */
  reserve?: Reserve;
}

/** So many tokens and key pairs a tenant may have, so that one tenant cannot fill the memory and disk of all. */
const MOST = 1_000;
const STORE_MS = 60_000;
/** The place that secrets of key pairs are encrypted for. */
const SEALED_AS = "secret access key";

/** Whoever has the token of the first start. */
export const firstOperator: Principal = { id: "operator", name: "operator", role: "operator", tenant: null, apps: null };

interface Held {
  kind: CredentialKind;
  credential: Credential;
  /** Of a token. */
  digest: string;
  /** Of a key pair. */
  sealed: Uint8Array | undefined;
  /** Once it was needed. */
  opened: OpenKey | undefined;
}

export function openPrincipals(
  file: string,
  { seal, operatorToken, clock, onFailure, most = MOST, reserve = noReserve }: PrincipalsOptions,
): Principals {
  const db = openDatabase(file, { durability: "full", migrations: principalMigrations });
  const queries = principalQueries(db);
  const operatorDigest = digestOf(operatorToken);
  const principals = readPrincipals(queries);
  const tokens = new Map<string, Held>();
  const keys = new Map<string, Held>();
  const used = new Set<Held>();
  for (const row of queries.tokens()) enter(heldOf("token", row, principals));
  for (const row of queries.keys()) enter(heldOf("key", row, principals));
  const stopStoring = clock.every(STORE_MS, storeUses);

  return {
    ofToken(token, now) {
      const digest = digestOf(token);
      return digest === operatorDigest ? firstOperator : (accepted(tokens.get(digest), now)?.credential.principal ?? null);
    },
    ofAccessKey(id, now) {
      const held = keys.get(id);
      return held === undefined || hasExpired(held.credential, now) ? null : opened(held);
    },
    createToken(owner, expiresAt, now) {
      const token = newToken();
      const credential = added("token", { id: newId("token"), digest: digestOf(token), sealed: undefined, owner, expiresAt, now });
      return { credential, token };
    },
    createKey(owner, expiresAt, now) {
      const [id, secret] = [newAccessKeyId(), newSecret()];
      const credential = added("key", { id, digest: "", sealed: seal.seal(id, SEALED_AS, secret), owner, expiresAt, now });
      return { credential, secret };
    },
    list: (kind, tenant) =>
      [...mapOf(kind).values()]
        .map(({ credential }) => structuredClone(credential))
        .filter(({ principal }) => tenant === undefined || principal.tenant === tenant)
        .toSorted((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1)),
    revoke(kind, id) {
      const held = heldAll().find((one) => one.kind === kind && one.credential.id === id);
      if (held === undefined) return false;
      drop([held]);
      return true;
    },
    removeTenant: (tenant) => drop(heldAll().filter(({ credential }) => credential.principal.tenant === tenant)),
    close() {
      stopStoring();
      storeUses();
      db.close();
    },
  };

  function mapOf(kind: CredentialKind): Map<string, Held> {
    return kind === "token" ? tokens : keys;
  }

  function heldAll(): Held[] {
    return [...tokens.values(), ...keys.values()];
  }

  function enter(held: Held | undefined): void {
    if (held !== undefined) mapOf(held.kind).set(held.kind === "token" ? held.digest : held.credential.id, held);
  }

  function accepted(held: Held | undefined, now: number): Held | undefined {
    if (held === undefined || hasExpired(held.credential, now)) return undefined;
    use(held, now);
    return held;
  }

  function use(held: Held, now: number): void {
    held.credential.lastUsedAt = now;
    used.add(held);
  }

  function opened(held: Held): OpenKey | null {
    try {
      const { principal, id } = held.credential;
      return (held.opened ??= { principal, secret: seal.open(id, SEALED_AS, held.sealed!), used: (now) => use(held, now) });
    } catch (error) {
      onFailure(error);
      return null;
    }
  }

  function added(kind: CredentialKind, made: Made): Credential {
    const { id, digest, sealed, owner, expiresAt, now } = made;
    const tenant = owner.tenant ?? "";
    const ofTenant = heldAll().filter(({ credential }) => (credential.principal.tenant ?? "") === tenant);
    if (ofTenant.length >= most) throw new MayflyError("too-many-credentials", { limit: most });
    const known = [...principals.values()].find((one) => one.name === owner.name && one.tenant === owner.tenant);
    if (known !== undefined) refuseOther(known, owner);
    const principal = known ?? { id: newId("principal"), ...owner };
    const createdAt = Math.trunc(now);
    write(() => {
      if (known === undefined) queries.addPrincipal(principal.id, tenant, owner.name, owner.role, appsAsText(owner));
      if (kind === "token") queries.addToken(id, principal.id, digest, createdAt, expiresAt);
      else queries.addKey(id, principal.id, sealed!, createdAt, expiresAt);
    });
    principals.set(principal.id, principal);
    const credential: Credential = { id, principal, createdAt, expiresAt, lastUsedAt: null };
    enter({ kind, credential, digest, sealed, opened: undefined });
    return credential;
  }

  /** Removes them, and the principals that have none left. */
  function drop(all: Held[]): void {
    const gone = new Set(all);
    const left = new Set(heldAll().flatMap((held) => (gone.has(held) ? [] : [held.credential.principal.id])));
    const without = new Set(all.map(({ credential }) => credential.principal.id).filter((id) => !left.has(id)));
    // What is revoked must be so on a full disk, too.
    writeWithReserve(write, reserve, () => {
      for (const { kind, credential } of all) (kind === "token" ? queries.removeToken : queries.removeKey)(credential.id);
      for (const id of without) queries.removePrincipal(id);
    });
    for (const held of all) {
      mapOf(held.kind).delete(held.kind === "token" ? held.digest : held.credential.id);
      used.delete(held);
    }
    for (const id of without) principals.delete(id);
  }

  function storeUses(): void {
    if (used.size === 0) return;
    try {
      write(() => {
        for (const { kind, credential } of used)
          (kind === "token" ? queries.useToken : queries.useKey)(Math.trunc(credential.lastUsedAt ?? 0), credential.id);
      });
      used.clear();
    } catch (error) {
      onFailure(error);
    }
  }

  function write(work: () => void): void {
    inFile(db, file, work);
  }
}

interface Made {
  id: string;
  digest: string;
  sealed: Uint8Array | undefined;
  owner: NewPrincipal;
  expiresAt: number | null;
  now: number;
}

function hasExpired({ expiresAt }: Pick<Credential, "expiresAt">, now: number): boolean {
  return expiresAt !== null && now >= expiresAt;
}

/** Two principals of one name would be taken for each other in lists and in the audit log. */
function refuseOther(known: Principal, wanted: NewPrincipal): void {
  if (known.role === wanted.role && sameApps(known.apps, wanted.apps)) return;
  throw new MayflyError("principal-differs", { principal: known.name, role: known.role });
}

function sameApps(a: Principal["apps"], b: Principal["apps"]): boolean {
  return a === null || b === null ? a === b : new Set(a).symmetricDifference(new Set(b)).size === 0;
}

function appsAsText({ apps }: NewPrincipal): string | null {
  return apps === null ? null : JSON.stringify(apps);
}

function readPrincipals(queries: Queries): Map<string, Principal> {
  return new Map(
    queries.principals().map(({ id, tenant, name, role, apps }) => {
      const bounds = apps === null ? null : (JSON.parse(apps) as string[]);
      return [id, { id, name, role, tenant: tenant === "" ? null : tenant, apps: bounds }];
    }),
  );
}

function heldOf(kind: CredentialKind, row: CredentialRow, principals: Map<string, Principal>): Held | undefined {
  const principal = principals.get(row.principal);
  if (principal === undefined) return undefined;
  const credential = { id: row.id, principal, createdAt: row.created_at, expiresAt: row.expires_at, lastUsedAt: row.last_used_at };
  return { kind, credential, digest: row.digest ?? "", sealed: row.sealed, opened: undefined };
}

function inFile(db: DatabaseSync, file: string, work: () => void): void {
  try {
    transaction(db, work);
  } catch (error) {
    throw failureOf(error, file);
  }
}
