import { MayflyError } from "../base/errors/error.ts";
import type { Logs } from "../store/logs/logs.ts";
import { isNameHeld, type NameHolders } from "./names.ts";

/** Throws "no-such-app" where nothing has the name and nothing was logged under it. */
export function refuseWithoutLog(parts: NameHolders & { logs: Pick<Logs, "has"> }, app: string): void {
  if (!isNameHeld(parts, app) && !parts.logs.has(app)) throw new MayflyError("no-such-app", { app });
}
