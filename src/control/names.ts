/** Apps and appliances share their names: logs and bills stand under them. */
import { MayflyError } from "../base/errors/error.ts";

export interface NameHolders {
  catalog: { live(app: string): object | undefined };
  appliances: { has(name: string): boolean };
}

/** Throws "name-taken" where an app cannot have the name. */
export function refuseNameOfAppliance({ appliances }: Pick<NameHolders, "appliances">, name: string): void {
  if (appliances.has(name)) throw new MayflyError("name-taken", { name, owner: "an appliance" });
}

/** Whether an app or an appliance has the name now. */
export function isNameHeld({ catalog, appliances }: NameHolders, name: string): boolean {
  return catalog.live(name) !== undefined || appliances.has(name);
}
