import type { DatabasePart } from "../state-folder/state-part.ts";

const OF = "app IN (SELECT id FROM own)";

export const ledgerPart: DatabasePart = {
  kind: "database",
  path: "ledger.db",
  tables: [
    { name: "entries", of: OF, isRecord: true },
    { name: "open_minutes", of: OF, isRecord: true },
    { name: "months", of: OF, isRecord: true },
    { name: "limits", of: OF },
  ],
};
