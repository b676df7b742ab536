import type { Take } from "../store/catalog/catalog.ts";
import type { Serving } from "./serving.ts";

export interface ServeParts {
  serving: Pick<Serving, "check" | "pointed" | "restored">;
}

/**
 * What takes over where an app's calls go, within the transaction that stores it: stored and served from the same moment. The checks run again in that
 * very turn: what was free before may be somebody's by then.
 */
export function serveWhenStored({ serving }: ServeParts): { take: Take; undo: () => void } {
  let taken: string | undefined;
  return {
    take(targets) {
      for (const { revision } of targets) serving.check(revision.manifest);
      const { app } = targets[0]!.revision;
      taken = app;
      serving.pointed(app, targets);
    },
    /** Where the system could not take it, or the catalog could not store it. */
    undo() {
      if (taken !== undefined) serving.restored(taken);
    },
  };
}
