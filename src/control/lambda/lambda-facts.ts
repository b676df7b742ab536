/** What the machines of functions that the Lambda API made are told, for their code. */
import type { openDispatcher } from "../../dispatch/open-dispatcher.ts";
import type { Catalog, Version } from "../../store/catalog/catalog.ts";
import { LATEST, type LambdaStore, versionKey } from "../../store/lambda/lambda-store.ts";
import { accountOf, functionArn } from "./names.ts";
import { ourRuntime } from "./runtimes.ts";

interface Parts {
  store: LambdaStore;
  catalog: Pick<Catalog, "names">;
}

type LambdaFacts = ReturnType<NonNullable<Parameters<typeof openDispatcher>[1]["lambda"]>>;

/** By the function's name in the app's manifest; none if the app was deployed in another way. */
export function lambdaFactsOf({ store, catalog }: Parts, { app, manifest, pin, id }: Version): LambdaFacts {
  const [name] = Object.keys(manifest.functions);
  const owner = catalog.names.nameOf(app);
  if (owner === undefined || name === undefined) return {};
  const { tenant } = owner;
  const record = store.functions.get(tenant, "", owner.name);
  const version = pin === undefined ? undefined : store.versions.get(tenant, owner.name, versionKey(Number(pin)));
  // Of an app that was deployed by another way since, the code is not that of the record.
  if (
    record === undefined ||
    (version ?? record).code === null ||
    (version === undefined && record.revision !== null && record.revision !== id && record.update !== "InProgress")
  )
    return {};
  const { settings } = version ?? record;
  if (ourRuntime(settings.Runtime) === undefined) return {};
  const account = { tenant, account: accountOf(tenant), region: record.region };
  return {
    [name]: {
      functionName: owner.name,
      version: version === undefined ? LATEST : String(version.version),
      arn: functionArn(account, owner.name),
      region: record.region,
      runtime: settings.Runtime,
      logGroup: settings.LoggingConfig.LogGroup,
      handler: settings.Handler,
    },
  };
}
