import { isDeepStrictEqual } from "node:util";
import type { LargeDraft } from "../large-files/large-files.ts";
import { newId } from "../../base/ids/new-id.ts";
import { setTargets } from "./aliases.ts";
import { MayflyError } from "../../base/errors/error.ts";
import { canaryOfRevision, type NewCanary, startCanary } from "./canaries.ts";
import type { Bundle, Deployed, Placement, Revision, Take, Target, TargetRow } from "./catalog.ts";
import { FILES, FILES_FORMAT, LIVE } from "./catalog.ts";
import { fitIn } from "./code-quota.ts";
import type { Manifest } from "./manifest.ts";
import { refuseOtherWay, withMember } from "./members.ts";
import { appId, claimForApp } from "./open-names.ts";
import type { StoredRevision } from "./queries/revisions.ts";
import { isWeight, revisionOf } from "./read.ts";
import { digestsInTurns } from "./revision-digest.ts";
import type { CatalogParts } from "./catalog-parts.ts";

/**
 * Hashes and writes the code in turns of the event loop, so that other work goes on in between; then stores the revision and points an
 * alias at it, in one transaction. If anything throws, the code that was written is removed. If the revision is stored already, what
 * the disk has damaged of it is written anew.
 */
export async function deployInTurns(
  parts: CatalogParts,
  { tenant, manifest, bundles, large, placement = { kind: "live" } }: Deploy,
  take?: Take,
): Promise<Deployed> {
  const digests = await digestsInTurns(manifest, bundles, large);
  const functions = bundles.map(({ function: name, format }, at) => ({ name, format: format as string, code: digests.code[at]! }));
  if (large !== undefined) functions.push({ name: FILES, format: FILES_FORMAT, code: large.digest });
  const upload: Upload = { tenant, manifest, functions, digest: digests.revision, placement };
  const releases: (() => void)[] = [];
  try {
    if (large !== undefined) releases.push(await parts.code.holdLarge(large));
    releases.push(await parts.code.hold(bundles.map(({ code }, at) => ({ digest: digests.code[at]!, code }))));
    return parts.write(() => store(parts, upload, take));
  } finally {
    for (const release of releases) release();
    // The code is let go of by now, even if hold() has failed.
    parts.reclaimer.start();
  }
}

interface Deploy {
  tenant: string;
  manifest: Manifest;
  bundles: Bundle[];
  large?: LargeDraft | undefined;
  /** The default is `live`. */
  placement?: Placement | undefined;
}

interface Upload {
  tenant: string;
  manifest: Manifest;
  /** With the digest of each one's code. The app's files are one of them. */
  functions: { name: string; format: string; code: string }[];
  /** Of the revision. */
  digest: string;
  placement: Placement;
}

/** Must be called within a transaction. */
function store(parts: CatalogParts, upload: Upload, take: Take | undefined): Deployed {
  const { queries, revisionsKept, quota } = parts;
  const { tenant, manifest } = upload;
  const app = appId(queries.names, tenant, manifest.name);
  claimForApp(queries.names, tenant, manifest.name, app);
  const isMember = upload.placement.kind === "member";
  refuseOtherWay(parts, app, manifest.name, isMember);
  const stored = queries.revisions.byDigest(app, upload.digest);
  const uploaded = stored === undefined ? add(parts, app, upload) : repaired(parts, stored, upload);
  const revision = isMember ? withMember(parts, uploaded) : uploaded;
  const member = isMember ? { member: uploaded } : {};
  const before = liveTargets(parts, app);
  const { alias, targets, canary } = placed(parts, upload.placement, revision, before);
  if (isAllOf(parts, revision, alias)) return { revision, ...member, moved: false, before, canary: null };
  setTargets(parts, app, alias, targets, { kind: "deploy" });
  if (canary !== undefined) startCanary(parts, revision, canary);
  queries.revisions.prune(app, revisionsKept);
  fitIn(queries, quota, tenant, app, manifest.name);
  if (alias === LIVE) take?.(targets);
  return { revision, ...member, moved: true, before, canary: (canary && canaryOfRevision(parts, revision.id)) ?? null };
}

interface Place {
  alias: string;
  /** What the alias names from now on. */
  targets: Target[];
  canary?: NewCanary;
}

function placed(parts: CatalogParts, placement: Placement, revision: Revision, before: TargetRow[]): Place {
  const [most] = before;
  const all = [{ revision, weight: 1 }];
  if (placement.kind === "live" || placement.kind === "member" || most === undefined) return { alias: LIVE, targets: all };
  if (placement.kind === "alias") return { alias: placement.alias, targets: all };
  const id = parts.queries.traffic.runningOf(revision.app)?.old ?? most.revision;
  if (id === revision.id && before.length === 1) return { alias: LIVE, targets: all };
  const old = id === revision.id ? undefined : parts.queries.revisions.byId(id);
  if (old === undefined)
    throw new MayflyError("bad-request", {
      what: `revision ${revision.number} of ${revision.manifest.name} cannot be a canary: most calls go to it already`,
    });
  const { share, plan } = placement;
  const others = { revision: revisionOf(parts, old), weight: 1 - share };
  return { alias: LIVE, targets: [others, { revision, weight: share }], canary: { old: others.revision, share, plan } };
}

function add({ queries, clock }: CatalogParts, app: string, { tenant, manifest, functions, digest }: Upload): Revision {
  const id = newId("revision");
  const number = queries.revisions.nextNumber(app)?.number ?? 1;
  const createdAt = Math.trunc(clock.wall());
  queries.revisions.add(id, app, number, digest, JSON.stringify(manifest), createdAt);
  for (const { name, format, code } of functions) queries.revisions.addFunction(id, name, format, code);
  return { id, app, tenant, number, digest, manifest, createdAt };
}

/**
 * The digest says that the revision was stored from the same upload. Where its manifest or its functions are not those of the upload now, they
 * were damaged since, and are replaced.
 */
function repaired(parts: CatalogParts, stored: StoredRevision, { manifest, functions }: Upload): Revision {
  const { revisions } = parts.queries;
  const json = JSON.stringify(manifest);
  if (!isSameJson(stored.manifest, json)) revisions.setManifest(stored.id, json);
  if (!isDeepStrictEqual(byName(revisions.storedFunctions(stored.id)), byName(functions))) {
    revisions.removeFunctions(stored.id);
    for (const { name, format, code } of functions) revisions.addFunction(stored.id, name, format, code);
  }
  return revisionOf(parts, { ...stored, manifest: json });
}

/** The order of keys makes no difference. */
function isSameJson(stored: string, json: string): boolean {
  try {
    return stored === json || isDeepStrictEqual(JSON.parse(stored), JSON.parse(json));
  } catch {
    // What is stored is no JSON.
    return false;
  }
}

function byName(rows: { name: string; format: string; code: string }[]): [name: string, format: string, code: string][] {
  return rows.map(({ name, format, code }): [string, string, string] => [name, format, code]).toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function isAllOf({ queries }: CatalogParts, { app, id }: Revision, alias: string): boolean {
  const targets = queries.aliases.targets(app, alias);
  return targets.length === 1 && targets[0]!.revision === id && isWeight(targets[0]!.weight);
}

/** What the disk has damaged of the alias is left out. */
function liveTargets({ queries: { aliases, revisions } }: CatalogParts, app: string): TargetRow[] {
  const targets = aliases.targets(app, LIVE).filter(({ weight }) => isWeight(weight));
  return targets.map(({ revision, weight }) => ({ revision, number: revisions.byId(revision)?.number ?? 0, weight }));
}
