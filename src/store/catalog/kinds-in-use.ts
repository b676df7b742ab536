import { choiceSchema, type KindChoice } from "../../base/kind/machine-kind.ts";

/** @param rows a manifest's values by key, null where it leaves a key out. A manifest that makes no sense is passed over: its app tells of it when it is called. */
export function kindsInUse(rows: Record<string, unknown>[]): KindChoice[] {
  return rows.flatMap((row) => {
    const given = Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null));
    const { success, data } = choiceSchema.safeParse(given);
    return success ? [data] : [];
  });
}
