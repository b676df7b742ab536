import type { DatabasePart } from "../../store/state-folder/state-part.ts";

const STORES = "(SELECT store FROM stores WHERE tenant IN (SELECT id FROM own))";
const STORE = "stores.store";

export const kvPart: DatabasePart = {
  kind: "database",
  path: "kv.db",
  tables: [
    { name: "stores", of: "tenant IN (SELECT id FROM own)", numbers: { store: STORE } },
    { name: "entries", of: `store IN ${STORES}`, numbers: { entry: "entries.entry", store: STORE } },
    { name: "gone", of: `store IN ${STORES}`, numbers: { store: STORE } },
    { name: "usage", of: "owner IN (SELECT id FROM own)" },
  ],
};
