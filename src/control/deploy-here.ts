import type { Bundle, Catalog, Deployed } from "../store/catalog/catalog.ts";
import type { Manifest } from "../store/catalog/manifest.ts";
import { type UploadBundle, UnreadFiles } from "../store/catalog/unread-files.ts";
import type { LargeDraft, Received } from "../store/large-files/large-files.ts";
import { deploy, type DeployParts } from "./deploy.ts";

interface DeployHereParts extends DeployParts {
  catalog: DeployParts["catalog"] & Pick<Catalog, "receiveFiles">;
}

/**
 * Deploys what was bundled in this process: large files are read where they are, without the detour of a form that is sent and parsed. Rejects as deploy() does, and
 * with "not-done" if a file cannot be read any more.
 */
export async function deployHere(parts: DeployHereParts, tenant: string, manifest: Manifest, bundles: UploadBundle[]): Promise<Deployed> {
  const inMemory: Bundle[] = [];
  // An app has one bundle of files at most.
  let large: LargeDraft | undefined;
  try {
    for (const { code, ...bundle } of bundles) {
      const received = code instanceof UnreadFiles ? await receive(parts.catalog, tenant, manifest.name, code) : { bundle: code };
      if ("draft" in received) large = received.draft;
      else inMemory.push({ ...bundle, code: received.bundle });
    }
    return await deploy(parts, tenant, manifest, inMemory, large);
  } finally {
    await large?.discard();
  }
}

async function receive(catalog: Pick<Catalog, "receiveFiles">, tenant: string, app: string, files: UnreadFiles): Promise<Received> {
  const incoming = catalog.receiveFiles(tenant, `${tenant} ${app}`);
  try {
    for (const piece of files.pieces()) await incoming.push(piece);
    return await incoming.end();
  } catch (error) {
    await incoming.discard();
    throw error;
  }
}
