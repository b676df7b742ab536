import { newId } from "../../base/ids/new-id.ts";
import { setTargets } from "./aliases.ts";
import type { Bundle, Deployed, Revision, Take, Target } from "./catalog.ts";
import { LIVE } from "./catalog.ts";
import { fitIn } from "./code-quota.ts";
import type { Manifest } from "./manifest.ts";
import { appId, claimForApp } from "./open-names.ts";
import { revisionOf } from "./read.ts";
import { type Digests, digestsInTurns } from "./revision-digest.ts";
import type { CatalogParts } from "./catalog-parts.ts";

/**
 * Hashes and writes the code in turns of the event loop, so that other work goes on in between; then stores the revision and points the
 * alias `live` at it, in one transaction. If anything throws, the code that was written is removed.
 */
export async function deployInTurns(
  parts: CatalogParts,
  tenant: string,
  manifest: Manifest,
  bundles: Bundle[],
  take?: Take,
): Promise<Deployed> {
  const digests = await digestsInTurns(manifest, bundles);
  const isStored = knownRevision(parts, tenant, manifest.name, digests.revision) !== undefined;
  // If the revision is stored already, so is its code. It cannot be pruned before the transaction below, which runs in the same turn of the
  // event loop.
  const release = isStored ? () => {} : await parts.code.hold(bundles.map(({ code }, at) => ({ digest: digests.code[at]!, code })));
  try {
    return parts.write(() => store(parts, tenant, manifest, bundles, digests, take));
  } finally {
    release();
    parts.reclaimer.start();
  }
}

/** Must be called within a transaction. */
function store(
  parts: CatalogParts,
  tenant: string,
  manifest: Manifest,
  bundles: Bundle[],
  digests: Digests,
  take: Take | undefined,
): Deployed {
  const { queries, revisionsKept, quota } = parts;
  const app = appId(queries.names, tenant, manifest.name);
  claimForApp(queries.names, tenant, manifest.name, app);
  const stored = queries.revisions.byDigest(app, digests.revision);
  const revision = stored === undefined ? add(parts, app, tenant, manifest, bundles, digests) : revisionOf(parts, stored);
  if (isAllOfLive(parts, revision)) return { revision, moved: false };
  const targets: Target[] = [{ revision, weight: 1 }];
  setTargets(parts, app, LIVE, targets);
  queries.revisions.prune(app, revisionsKept);
  fitIn(queries, quota, app, manifest.name);
  take?.(targets);
  return { revision, moved: true };
}

function add(
  { queries, clock }: CatalogParts,
  app: string,
  tenant: string,
  manifest: Manifest,
  bundles: Bundle[],
  digests: Digests,
): Revision {
  const id = newId("revision");
  const number = queries.revisions.nextNumber(app)?.number ?? 1;
  const createdAt = Math.trunc(clock.wall());
  queries.revisions.add(id, app, number, digests.revision, JSON.stringify(manifest), createdAt);
  for (const [at, { function: name, format }] of bundles.entries()) queries.revisions.addFunction(id, name, format, digests.code[at]!);
  return { id, app, tenant, number, digest: digests.revision, manifest, createdAt };
}

function knownRevision({ queries }: CatalogParts, tenant: string, name: string, digest: string) {
  const app = queries.names.appOf(tenant, name);
  return app && queries.revisions.byDigest(app.id, digest);
}

function isAllOfLive({ queries }: CatalogParts, { app, id }: Revision): boolean {
  const targets = queries.aliases.targets(app, LIVE);
  return targets.length === 1 && targets[0]!.revision === id;
}
