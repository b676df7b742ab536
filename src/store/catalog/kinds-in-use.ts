import { choiceSchema, type KindChoice } from "../../base/kind/machine-kind.ts";

/**
 * @param rows a manifest's values by key, null if the manifest leaves a key out. An invalid manifest is skipped; it is reported when its
 * app is called.
 */
export function kindsInUse(rows: Record<string, unknown>[]): KindChoice[] {
  return rows.flatMap((row) => {
    const given = Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null));
    const { success, data } = choiceSchema.safeParse(given);
    return success ? [data] : [];
  });
}
