/** What the machines of functions that the Lambda API made are told, for their code. */
import type { openDispatcher } from "../../dispatch/open-dispatcher.ts";
import type { Catalog, Version } from "../../store/catalog/catalog.ts";
import { LATEST, type LambdaStore, versionKey } from "../../store/lambda/lambda-store.ts";
import type { FunctionRecord } from "../../store/lambda/records.ts";
import { accountOf, functionArn } from "./names.ts";
import { ofPin } from "./place.ts";
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
  const record = recordOf(store, tenant, owner.name, name);
  const version = pin === undefined ? undefined : store.versions.get(tenant, record?.name ?? "", versionKey(ofPin(pin).version));
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
      functionName: record.name,
      version: version === undefined ? LATEST : String(version.version),
      arn: functionArn(account, record.name),
      region: record.region,
      runtime: settings.Runtime,
      logGroup: settings.LoggingConfig.LogGroup,
      handler: settings.Handler,
    },
  };
}

/** A function that shares its app has its own name there; otherwise the app has the function's name, whatever the function is called in it. */
function recordOf({ functions }: LambdaStore, tenant: string, app: string, name: string): FunctionRecord | undefined {
  const inner = functions.get(tenant, "", name);
  if (inner?.app === app) return inner;
  const own = functions.get(tenant, "", app);
  return own?.app === undefined ? own : undefined;
}
