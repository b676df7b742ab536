/** Opens the Lambda API: its records, the deploys that go on beside its calls, and its door. */
import type { ServerStart } from "../../base/config/server-start.ts";
import type { WrongCredentials } from "../../clients/wrong-credentials.ts";
import { createDeployments } from "../../control/lambda/create-deployments.ts";
import { resumeProvisioned } from "../../control/lambda/provisioning.ts";
import type { LambdaParts } from "../../control/lambda/lambda-parts.ts";
import { settleLeftOvers } from "../../control/lambda/settle.ts";
import type { LambdaStore } from "../../store/lambda/lambda-store.ts";
import type { FairTurns } from "../../clients/fair-turns.ts";
import type { Shares } from "../../clients/shares.ts";
import type { LambdaRoute } from "./call.ts";
import type { Principals } from "../../store/principals/principal.ts";
import type { Audit } from "../../store/audit/audit.ts";
import { auditWith } from "./audit-with.ts";
import { authorizeWith } from "./authorize.ts";
import type { LambdaDoorParts } from "./door-parts.ts";
import { createCodeLinks } from "./code-links.ts";
import { createLambdaDoor, type LambdaDoor } from "./door.ts";
import { lambdaRoutes } from "./routes.ts";

export interface LambdaNeeds extends Omit<LambdaParts, "deployments" | "clock" | "store"> {
  store: LambdaStore;
  principals: Pick<Principals, "ofAccessKey">;
  wrong: WrongCredentials;
  audit: Pick<Audit, "write">;
  /** The operations that call functions. */
  invokeRoutes: readonly LambdaRoute[];
  /** The address of a function's URL. */
  urlAddress: (id: string, region: string) => string;
  eventSources: LambdaDoorParts["eventSources"];
  isTls: boolean;
  /** For the requests that are under way. */
  places: Shares;
  turns: FairTurns;
}

/** An app that is removed by any way takes along what this API keeps of its functions: policies and URLs would count for a later app of that name. */
function forgetWithApps(
  { events, catalog, store }: Pick<LambdaNeeds, "events" | "catalog" | "store">,
  { batches }: LambdaNeeds["eventSources"],
): void {
  events.listen({
    "app-removed"({ app }) {
      const known = catalog.names.nameOf(app);
      if (known === undefined) return batches.endGone();
      const { tenant, name } = known;
      if (store.functions.get(tenant, "", name)?.app === undefined) store.removeFunction(tenant, name);
      for (const inner of store.functionsIn(tenant, name)) {
        // One that has never been in the app is still to come, or has failed, as its record says.
        if (store.functions.get(tenant, "", inner)?.revision !== null) store.removeFunction(tenant, inner);
      }
      batches.endGone();
    },
  });
}

export function openLambda({ clock, log, closing }: ServerStart, needs: LambdaNeeds): LambdaDoor {
  const { principals, wrong, audit, invokeRoutes, urlAddress, eventSources, isTls, places, turns, ...rest } = needs;
  const onFailure = (error: unknown) => log.error({ err: error }, "a function of the Lambda API was not deployed");
  const deployments = createDeployments({ ...rest, clock, onFailure });
  closing.defer(() => deployments.close());
  const links = createCodeLinks(rest.store.zips, clock, isTls);
  const parts = { ...rest, clock, deployments, links, urlAddress, eventSources };
  forgetWithApps(rest, eventSources);
  settleLeftOvers(parts, onFailure)
    .then(() => deployments.resume())
    .catch(onFailure);
  resumeProvisioned(parts);
  for (const { tenant, record } of rest.store.allEventSources()) eventSources.batches.apply(tenant, record);
  return createLambdaDoor({
    routes: [...lambdaRoutes(parts), ...invokeRoutes],
    open: [links.route],
    principals,
    wrong,
    authorize: authorizeWith(rest),
    places,
    turns,
    audit: auditWith({ audit, catalog: rest.catalog, clock, service: "lambda" }),
    clock,
    onError: (error) => log.error({ err: error }, "the Lambda API failed"),
  });
}
