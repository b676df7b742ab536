/** What the dashboard expects of the API's replies is what they have: where they differ, this file does not compile. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { LiveView } from "../../control/live.ts";
import type * as replies from "../../dashboard/model/replies.ts";
import { PHASES } from "../../dashboard/model/replies.ts";
import { MACHINE_PHASES } from "../../policy/machine-facts.ts";
import type { Reply } from "../admin/endpoint.ts";

/** Does not compile if the API's reply lacks something that the page expects. */
type Has<Page, Api extends Page> = [Page, Api];

type Told = ReturnType<LiveView["tick"]>;

interface Expected {
  session: Has<replies.SessionReply, Reply<"POST /v1/session">>;
  principal: Has<replies.PrincipalReply, Reply<"GET /v1/principal">>;
  history: Has<replies.HistoryReply, Reply<"GET /v1/history">>;
  spend: Has<replies.SpendReply, Reply<"GET /v1/spend">>;
  tenants: Has<replies.TenantListReply, Reply<"GET /v1/tenants">>;
  decisions: Has<replies.DecisionsReply, Reply<"GET /v1/machines/{machine}/decisions">>;
  apps: Has<replies.AppListReply, Reply<"GET /v1/apps">>;
  app: Has<replies.AppReply, Reply<"GET /v1/apps/{app}">>;
  explain: Has<replies.ExplainReply, Reply<"GET /v1/apps/{app}/explain">>;
  triggers: Has<replies.TriggerListReply, Reply<"GET /v1/apps/{app}/triggers">>;
  events: Has<replies.EventListReply, Reply<"GET /v1/apps/{app}/events">>;
  deadLetters: Has<replies.EventListReply, Reply<"GET /v1/apps/{app}/dead-letters">>;
  event: Has<replies.EventReply, Reply<"GET /v1/apps/{app}/events/{event}">>;
  runs: Has<replies.RunListReply, Reply<"GET /v1/apps/{app}/runs">>;
  run: Has<replies.RunReply, Reply<"GET /v1/apps/{app}/runs/{run}">>;
  runHistory: Has<replies.RunHistoryReply, Reply<"GET /v1/apps/{app}/runs/{run}/history">>;
  logs: Has<replies.LogLineReply, Reply<"GET /v1/apps/{app}/logs">["lines"][number]>;
  invocations: Has<replies.InvocationListReply, Reply<"GET /v1/apps/{app}/invocations">>;
  invocation: Has<replies.ShownInvocationReply, Reply<"GET /v1/apps/{app}/invocations/{invocation}">>;
  bill: Has<replies.AppBillReply, Reply<"GET /v1/apps/{app}/bill">>;
  secrets: Has<replies.SecretNamesReply, Reply<"GET /v1/apps/{app}/secrets">>;
  host: Has<replies.HostReply, Reply<"GET /v1/host">>;
  status: Has<replies.StatusReply, Reply<"GET /v1/status">>;
  allTenants: Has<replies.TenantsReply, Reply<"GET /v1/tenants">>;
  tokens: Has<replies.TokensReply, Reply<"GET /v1/tokens">>;
  tenant: Has<replies.TenantReply, Reply<"GET /v1/tenants/{tenant}">>;
  keys: Has<replies.KeysReply, Reply<"GET /v1/keys">>;
  madeToken: Has<replies.MadeCredentialReply, Reply<"POST /v1/tokens">>;
  madeKey: Has<replies.MadeCredentialReply, Reply<"POST /v1/keys">>;
  hostDetails: Has<replies.HostDetailsReply, Reply<"GET /v1/host/details">>;
  disk: Has<replies.DiskReply, Reply<"GET /v1/host/disk">>;
  doctor: Has<replies.DoctorReply, Reply<"GET /v1/host/doctor">>;
  demand: Has<replies.DemandReply, Reply<"GET /v1/apps/{app}/demand">>;
  audit: Has<replies.AuditReply, Reply<"GET /v1/audit">>;
  tick: Has<replies.Tick, Told["tick"]>;
  machines: Has<replies.MachineChanges, NonNullable<Told["machines"]>>;
}

test("the pages know the phases of machines, in their order", () => {
  const expected: Partial<Expected> = {};
  assert.deepEqual(expected, {});
  assert.deepEqual(PHASES, MACHINE_PHASES);
});
