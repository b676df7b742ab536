import { createHash } from "node:crypto";
import type { FunctionRecord } from "../../store/lambda/records.ts";

/** Equal for two states of a function of which a version would be the same. */
export function fingerprint({
  settings,
  code,
  layers,
  revision,
}: Pick<FunctionRecord, "settings" | "code" | "layers" | "revision">): string {
  const what = { settings, code: code?.digest ?? revision, layers: layers.map(({ digest }) => digest) };
  return createHash("sha256").update(JSON.stringify(what)).digest("hex");
}
