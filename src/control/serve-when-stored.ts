import type { Take } from "../store/catalog/catalog.ts";
import type { Serving } from "./serving.ts";

export interface ServeParts {
  serving: Pick<Serving, "check" | "pointed" | "restored">;
}

/**
 * `take` starts to serve the targets within the transaction that stores them, so that both happen at the same moment. It checks the
 * manifests again in that turn of the event loop, because another app may have taken a host since the first check.
 */
export function serveWhenStored({ serving }: ServeParts): { take: Take; undo: () => void } {
  let taken: string | undefined;
  return {
    take(targets) {
      for (const { revision } of targets) serving.check(revision.tenant, revision.manifest);
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
