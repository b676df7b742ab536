import type { FolderPart } from "../state-folder/state-part.ts";

/** The newest file of an app's log is `<id>.jsonl`, then `<id>.1.jsonl`. */
export const logsPart: FolderPart = { kind: "folder", path: "logs", of: (path, { own }) => own.has(path.split(".", 1)[0]!) };
