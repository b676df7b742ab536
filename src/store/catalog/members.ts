/**
 * An app whose functions are deployed one by one. Each upload is a revision with one function, a member; and each makes another revision of the app, which is put together of the members that its functions have then. That
 * one is live: it has no code, and says by which member each function is run.
 *
 * 1. A member and the revision that is put together with it are stored in one transaction. Two functions that are deployed at the same time lose nothing of each other.
 * 2. A function that is not deployed keeps its member, and with it its machines.
 * 3. A member stays as long as a stored revision has it.
 * 4. An app is deployed one by one, or as a whole: what is live says which, and the other way is refused.
 */
import { newId } from "../../base/ids/new-id.ts";
import { MayflyError } from "../../base/errors/error.ts";
import { setTargets } from "./aliases.ts";
import { LIVE, type Revision, type Take, type Target } from "./catalog.ts";
import type { CatalogParts } from "./catalog-parts.ts";
import type { Manifest } from "./manifest.ts";
import { parseManifest } from "./parse-manifest.ts";
import type { StoredRevision } from "./queries/revisions.ts";
import { revisionOf, targetsOf } from "./read.ts";
import { membersDigest } from "./revision-digest.ts";

/** Must be called within a transaction. Throws "bad-request" if the app is deployed in the other way. */
export function refuseOtherWay({ queries }: CatalogParts, app: string, name: string, isMember: boolean): void {
  const live = liveRow(queries, app);
  if (live === undefined || (live.members !== null) === isMember) return;
  throw new MayflyError("bad-request", {
    what: isMember
      ? `the app ${name} was deployed as a whole, so that no function can be added to it by itself`
      : `the functions of the app ${name} are deployed one by one, by AWS Lambda's API, with which they are changed; to deploy another app of this name, remove it first`,
  });
}

/** Stores the revision that the app has with this member. Must be called within a transaction. */
export function withMember(parts: CatalogParts, member: Revision): Revision {
  const live = liveRow(parts.queries, member.app);
  const [name] = Object.keys(member.manifest.functions);
  const members = [...((live && revisionOf(parts, live).members) ?? []), [name!, member.id] as const];
  return whole(parts, member, new Map(members));
}

function liveRow({ aliases, revisions }: CatalogParts["queries"], app: string): StoredRevision | undefined {
  const [most] = aliases.targets(app, LIVE);
  return most && revisions.byId(most.revision);
}

/** See Catalog.withdraw(). */
export function withdraw(parts: CatalogParts, app: string, name: string, aliases: string[], take?: Take): Target[] {
  return parts.write(() => {
    const targets = targetsOf(parts, app, LIVE);
    const [live] = targets;
    const left = new Map(live?.revision.members ?? []);
    if (live === undefined || !left.delete(name) || left.size === 0) return targets;
    const next = [{ revision: whole(parts, live.revision, left), weight: 1 }];
    setTargets(parts, app, LIVE, next, { kind: "by-hand" });
    for (const alias of aliases) parts.queries.aliases.remove(app, alias);
    parts.queries.revisions.prune(app, parts.revisionsKept);
    take?.(next);
    return next;
  });
}

/** @param like a revision of the app */
function whole(parts: CatalogParts, { app, tenant, manifest: { name } }: Revision, given: Map<string, string>): Revision {
  const { queries, clock } = parts;
  const members = new Map([...given].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  const manifest = manifestOf(
    name,
    [...members].map(([, id]) => memberOf(parts, app, id)),
  );
  const digest = membersDigest(manifest, members);
  const stored = queries.revisions.byDigest(app, digest);
  if (stored !== undefined) return revisionOf(parts, stored);
  const id = newId("revision");
  const number = queries.revisions.nextNumber(app)?.number ?? 1;
  const createdAt = Math.trunc(clock.wall());
  queries.revisions.addWhole(id, app, number, digest, JSON.stringify(manifest), createdAt, JSON.stringify([...members]));
  return { id, app, tenant, number, digest, manifest, createdAt, members };
}

function memberOf(parts: CatalogParts, app: string, id: string): Manifest {
  const row = parts.queries.revisions.byId(id);
  if (row === undefined)
    throw new MayflyError("state-damaged", {
      file: parts.file,
      what: `the app ${app} has no revision ${id}, which one of its functions needs`,
    });
  return revisionOf(parts, row).manifest;
}

/**
 * What doors and limits need to know of the app: which functions it has, how long each may take, and what all have in common. What else a function has, its memory and environment for example, its
 * member says, which runs it.
 */
function manifestOf(name: string, members: Manifest[]): Manifest {
  const last = members.at(-1)!;
  const functions = members.flatMap(({ functions: own, runtime, timeoutMs, isolation }) =>
    Object.entries(own).map(([inner, given]) => {
      // Functions of one runtime would have to agree on that here.
      const { snapshot: _, ...rest } = given;
      return [inner, { runtime, timeoutMs, ...(isolation !== undefined && { isolation }), ...rest }] as const;
    }),
  );
  const manifest = {
    name,
    functions: Object.fromEntries(functions) as object,
    access: last.access,
    network: last.network,
    maxMachines: Math.max(...members.map(({ maxMachines }) => maxMachines)),
    memoryMb: Math.max(...members.map(({ memoryMb }) => memoryMb)),
    concurrency: Math.max(...members.map(({ concurrency }) => concurrency)),
  };
  return parseManifest(JSON.stringify(manifest), `The app ${name}`);
}
