import { z } from "zod";
import { choiceSchema, type KindChoice, serverRuntimeOf } from "../../base/kind/machine-kind.ts";

/** Of each function, the runtime and the command's first word; null stands for what it leaves to the app, or does not have. */
const functionsSchema = z.array(z.tuple([z.unknown(), z.unknown()])).catch([]);

/**
 * @param rows a manifest's values by key, as JSON, null if the manifest leaves a key out, and `functions`, what its functions say of the runtime. A
 * choice that is invalid is skipped; it is reported when its app is called. Each choice is returned once.
 */
export function kindsInUse(rows: Record<string, string | null>[]): KindChoice[] {
  const all = rows.flatMap(({ functions = null, ...row }) => {
    const given = Object.fromEntries(
      Object.entries(row).flatMap(([key, value]) => (value === null ? [] : [[key, JSON.parse(value) as unknown]])),
    );
    const known = functionsSchema.parse(JSON.parse(functions ?? "[]"));
    return (known.length === 0 ? [[null, null]] : known).flatMap(([runtime, program]): KindChoice[] => {
      const { success, data } = choiceSchema.safeParse({ ...given, ...(runtime !== null && { runtime }) });
      if (!success) return [];
      return [data.runtime === "server" && typeof program === "string" ? { ...data, runtime: serverRuntimeOf([program]) } : data];
    });
  });
  return [...new Map(all.map((choice) => [JSON.stringify(choice), choice])).values()];
}
