import type { z } from "@hono/zod-openapi";
import type { Placement } from "../../store/catalog/catalog.ts";
import { parseErrors, parseTime, usualPlan } from "../../traffic/limits.ts";
import type { deployQuerySchema } from "./schemas.ts";

/** Where a deploy's query sends calls of the new revision. The schema has checked the texts. */
export function placementOf(query: z.infer<typeof deployQuerySchema>): Placement {
  const { alias, canary, forMs, minCalls, maxErrors, maxP99 } = query;
  if (alias !== undefined) return { kind: "alias", alias };
  if (canary === undefined) return { kind: "live" };
  const limits = { maxErrors: parseErrors(maxErrors) ?? usualPlan.maxErrors, maxP99: parseTime(maxP99) ?? usualPlan.maxP99 };
  return { kind: "canary", share: canary / 100, plan: { forMs, minCalls, ...limits } };
}
