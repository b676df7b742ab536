import { MayflyError } from "../base/errors/error.ts";
import type { Catalog, Revision, Take } from "../store/catalog/catalog.ts";
import type { Serving } from "./serving.ts";
import { unfitSecrets } from "./unfit-secrets.ts";

export interface ServeParts {
  catalog: Pick<Catalog, "secretNames" | "secrets">;
  serving: Pick<Serving, "check" | "pointed" | "restored">;
}

/**
 * `take` starts to serve the targets within the transaction that stores them, so that both happen at the same moment. It checks the
 * manifests again in that turn of the event loop, because another app may have taken a host since the first check, and it compares them with the secrets, which
 * may have been set while the revision was not live.
 */
export function serveWhenStored({ catalog, serving }: ServeParts): { take: Take; undo: () => void } {
  let taken: string | undefined;
  return {
    take(targets) {
      for (const { revision } of targets) {
        serving.check(revision.tenant, revision.manifest);
        refuseUnfitSecrets(catalog, revision);
      }
      const { app } = targets[0]!.revision;
      taken = app;
      serving.pointed(app, targets);
    },
    /** Called if `take` threw, or if the catalog could not store the change. */
    undo() {
      if (taken !== undefined) serving.restored(taken);
    },
  };
}

/** Throws "bad-request". */
function refuseUnfitSecrets(catalog: ServeParts["catalog"], revision: Revision): void {
  const what = whyUnfit(catalog, revision);
  if (what === undefined) return;
  const { number, manifest } = revision;
  throw new MayflyError("bad-request", { what: `revision ${number} of ${manifest.name} cannot become live: ${what}; nothing was changed` });
}

function whyUnfit(catalog: ServeParts["catalog"], { app, manifest }: Revision): string | undefined {
  try {
    return unfitSecrets(catalog, app, manifest);
  } catch (error) {
    // Whoever goes back to an older revision is not kept from it: binding a machine tells what is wrong.
    if (error instanceof MayflyError && error.code === "secret-key-unusable") return undefined;
    throw error;
  }
}
