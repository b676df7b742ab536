import { choiceSchema, type KindChoice } from "../../base/kind/machine-kind.ts";

/**
 * @param rows a manifest's values by key, as JSON, null if the manifest leaves a key out. An invalid manifest is skipped; it is reported when its
 * app is called.
 */
export function kindsInUse(rows: Record<string, string | null>[]): KindChoice[] {
  return rows.flatMap((row) => {
    const given = Object.fromEntries(
      Object.entries(row).flatMap(([key, value]) => (value === null ? [] : [[key, JSON.parse(value) as unknown]])),
    );
    const { success, data } = choiceSchema.safeParse(given);
    return success ? [data] : [];
  });
}
