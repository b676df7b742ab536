/** What is done beside the requests: files that nobody has any more are removed, notices are delivered, and what is over by its bucket's rules is removed. */
import type { GroupCommit } from "../../store/group-commit/group-commit.ts";
import type { ContentFiles } from "./content/content-files.ts";
import { isOver, isUploadOver } from "./lifecycle.ts";
import type { Notice } from "./object.ts";
import type { Objects } from "./objects.ts";
import type { ObjectOperations } from "./store/engine.ts";

type Index = Pick<GroupCommit<ObjectOperations>, "run">;

const TOGETHER = 200;

/** Files that are being read stay, until the next time. */
export async function removeGarbage(index: Index, files: ContentFiles): Promise<void> {
  for (let after = ""; ;) {
    const names = await index.run("garbage", { after, most: TOGETHER });
    if (names.length === 0) return;
    const removed = await files.remove(names);
    if (removed.length > 0) await index.run("collected", { files: removed });
    after = names.at(-1)!;
  }
}

/** Removes files that an earlier run left and that the index does not name. */
export async function sweep(index: Index, files: ContentFiles): Promise<void> {
  const from = (await index.run("mark", { name: "swept" })) ?? "";
  const until = await files.sweep(from, (names) => index.run("unknown", { files: names }));
  if (until !== from) await index.run("setMark", { name: "swept", value: until });
}

/** A notice that cannot be delivered now stays, and holds up no other one. @param deliver resolves once the notice is as durable as it was here */
export async function deliverNotices(
  index: Index,
  deliver: (notice: Notice) => Promise<void>,
  onFailure: (error: unknown) => void,
): Promise<void> {
  for (let after = 0; ;) {
    const notices = await index.run("notices", { after, most: TOGETHER });
    if (notices.length === 0) return;
    const ended = await Promise.allSettled(notices.map(deliver));
    const seqs = notices.filter((_, at) => ended[at]!.status === "fulfilled").map(({ seq }) => seq);
    // Notices mostly fail for one reason, which is told once.
    const failed = ended.find((result) => result.status === "rejected");
    if (failed !== undefined) onFailure(failed.reason);
    if (seqs.length > 0) await index.run("noticed", { seqs });
    after = notices.at(-1)!.seq;
  }
}

/** @param dayMs another length of a day, for tests of clients */
export async function expire(index: Index, objects: Objects, now: number, dayMs?: number): Promise<void> {
  for (let after = ""; ;) {
    const bucket = await index.run("nextAging", { after });
    if (bucket === null) return;
    const { name, rules } = bucket;
    after = name;
    for (let key = ""; ;) {
      const { versions, next } = await index.run("aging", { bucket: name, after: key, most: TOGETHER });
      for (const version of versions) {
        if (!isOver(rules, version, now, dayMs)) continue;
        const isForGood = !version.isLatest || version.isMarker;
        const which = isForGood ? { version: version.version } : { onlyIfLatest: version.version };
        await objects.remove({ bucket: name, key: version.key, ...which, how: "LifecycleExpiration" }).catch(ignoreProtected);
      }
      if (next === null) break;
      key = next;
    }
    for (const upload of await index.run("agingUploads", { bucket: name, most: 1_000 }))
      if (isUploadOver(rules, upload, now, dayMs)) await objects.abortUpload(name, upload.key, upload.upload);
  }
}

/** What is protected goes when its time has come. */
function ignoreProtected(error: unknown): void {
  if ((error as { code?: string }).code !== "object-protected") throw error;
}
