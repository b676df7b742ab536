import { conflict, invalidValue } from "./aws-error.ts";
import type { LambdaParts } from "./lambda-parts.ts";
import { nameSchema } from "../../store/catalog/name-schema.ts";

/** Throws an AwsError if a function cannot be one of the app: such an app has no other functions than those whose tag names it. */
export function refuseOtherApp({ store, catalog }: Pick<LambdaParts, "store" | "catalog">, tenant: string, app: string): void {
  if (!nameSchema.safeParse(app).success || app === "_mayfly")
    throw invalidValue(
      `The tag mayfly:app is ${JSON.stringify(app)}, but must be the name of an app: 1 to 64 of letters, digits, - and _.`,
    );
  const like = catalog.names.holderOfHost(tenant, app);
  const known = catalog.app(tenant, app);
  if (like !== undefined && known === undefined)
    throw conflict(`The tag mayfly:app is ${app}, but an appliance, or an app whose name differs in capitals only, has this name.`);
  const own = store.functions.get(tenant, "", app);
  const isOfOneFunction = own !== undefined && own.app === undefined && own.revision === null;
  if (isOfOneFunction || (known?.live != null && known.live.members === undefined))
    throw conflict(
      `The tag mayfly:app is ${app}, but that app was deployed as a whole: functions can share an app only if each of them names it by this tag.`,
    );
}
