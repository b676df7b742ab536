import { z } from "zod";
import { choiceSchema, type KindChoice } from "../../base/kind/machine-kind.ts";

/** Of the functions: null stands for those that leave the choice to the app. */
const runtimesSchema = z.array(z.unknown()).catch([]);

/**
 * @param rows a manifest's values by key, as JSON, null if the manifest leaves a key out, and `runtimes`, the list of those that its functions name. A
 * choice that is invalid is skipped; it is reported when its app is called. Each choice is returned once.
 */
export function kindsInUse(rows: Record<string, string | null>[]): KindChoice[] {
  const all = rows.flatMap(({ runtimes = null, ...row }) => {
    const given = Object.fromEntries(
      Object.entries(row).flatMap(([key, value]) => (value === null ? [] : [[key, JSON.parse(value) as unknown]])),
    );
    const named = runtimesSchema.parse(JSON.parse(runtimes ?? "[]"));
    return (named.length === 0 ? [null] : named).flatMap((runtime) => {
      const { success, data } = choiceSchema.safeParse({ ...given, ...(runtime !== null && { runtime }) });
      return success ? [data] : [];
    });
  });
  return [...new Map(all.map((choice) => [JSON.stringify(choice), choice])).values()];
}
