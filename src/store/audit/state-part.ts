import type { FolderPart } from "../state-folder/state-part.ts";

export const auditPart: FolderPart = { kind: "folder", path: "audit", of: (path, { own }) => own.has(path.split(".", 1)[0]!) };
