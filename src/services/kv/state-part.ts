import type { DatabasePart } from "../../store/state-folder/state-part.ts";

const STORES = "(SELECT store FROM stores WHERE tenant IN (SELECT id FROM own))";
const STORE = "stores.store";
const STRUCTURES = `(SELECT structure FROM structures JOIN entries USING (entry) WHERE store IN ${STORES})`;
const STRUCTURE = "structures.structure";

export const kvPart: DatabasePart = {
  kind: "database",
  path: "kv.db",
  tables: [
    { name: "stores", of: "tenant IN (SELECT id FROM own)", numbers: { store: STORE } },
    { name: "entries", of: `store IN ${STORES}`, numbers: { entry: "entries.entry", store: STORE } },
    { name: "structures", of: `structure IN ${STRUCTURES}`, numbers: { structure: STRUCTURE, entry: "entries.entry" } },
    { name: "members", of: `structure IN ${STRUCTURES}`, numbers: { structure: STRUCTURE } },
    { name: "items", of: `structure IN ${STRUCTURES}`, numbers: { structure: STRUCTURE } },
    { name: "gone", of: `store IN ${STORES}`, numbers: { store: STORE } },
    { name: "usage", of: "owner IN (SELECT id FROM own)" },
  ],
};
