import type { ComponentChildren } from "preact";
import { age, dateAndTime } from "../../model/format.ts";
import type { AuditReply, HostReply, StatusReply, TenantsReply, TokensReply } from "../../model/replies.ts";
import { ask } from "../api.ts";
import { Card, Page } from "../parts/page.tsx";
import { Failed, Loading } from "../parts/states.tsx";
import { session } from "../session.ts";
import { type Loaded, useData } from "../use-data.ts";

/** What is looked at here is for operators and admins of tenants; what is of the whole server, for operators alone. */
export function OperatorPage() {
  const isOperator = session.value?.principal.role === "operator";
  return (
    <Page
      title={isOperator ? "Operator" : "Administration"}
      about={
        isOperator
          ? "The server itself: what it runs on, its tenants, who may do what, and what was done. Changes are made by commands: mayfly tenant, mayfly token."
          : "Your tenant: who may do what, and what was done. Changes are made by commands: mayfly token, mayfly key."
      }
    >
      <div class="stack">
        {isOperator && <Server />}
        {isOperator && <Tenants />}
        <Tokens />
        <AuditLog />
      </div>
    </Page>
  );
}

function Shown<T>({ loaded, children }: { loaded: Loaded<T>; children: (data: T) => ComponentChildren }) {
  const { data, error, reload } = loaded;
  if (data !== undefined) return <>{children(data)}</>;
  return error ? <Failed error={error} onRetry={reload} /> : <Loading height={100} />;
}

function Server() {
  const status = useData<StatusReply>((signal) => ask("/v1/status", { tenant: "", signal }), ["status"], 10_000);
  const host = useData<HostReply>((signal) => ask("/v1/host", { tenant: "", signal }), ["host"], 60_000);
  return (
    <Card title="Server" about="mayfly status and mayfly doctor say more">
      <Shown loaded={status}>
        {({ version, pid, worker, upSince, restarts, deaths, driver, apps, machines }) => (
          <dl class="facts">
            <Fact name="Version" value={version} />
            <Fact name="Driver" value={`${driver.name}: ${driver.detail}`} />
            {driver.damage !== null && <Fact name="Damage" value={driver.damage} isBad />}
            <Fact name="Gateway" value={host.data?.urls.gateway ?? "–"} />
            <Fact name="Up for" value={age(Date.now() - upSince)} />
            <Fact name="Processes" value={`${pid}, worker ${worker}`} />
            <Fact name="Apps" value={String(apps)} />
            <Fact name="Machines" value={String(machines)} />
            <Fact
              name="Restarts"
              value={restarts === 0 ? "none" : `${restarts}; the last: ${deaths.at(-1)?.reason ?? "unknown"}`}
              isBad={restarts > 0}
            />
          </dl>
        )}
      </Shown>
    </Card>
  );
}

function Fact({ name, value, isBad = false }: { name: string; value: string; isBad?: boolean }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd class={isBad ? "bad-text" : ""}>{value}</dd>
    </div>
  );
}

function Tenants() {
  const tenants = useData<TenantsReply>((signal) => ask("/v1/tenants", { tenant: "", signal }), ["tenants"], 30_000);
  return (
    <Card title="Tenants" about="Who owns apps">
      <Shown loaded={tenants}>
        {(data) => (
          <div class="scroll" tabIndex={0} role="region" aria-label="List of tenants">
            <table>
              <thead>
                <tr>
                  <th>Tenant</th>
                  <th>Apps</th>
                  <th>Appliances</th>
                  <th>Limits</th>
                </tr>
              </thead>
              <tbody>
                {data.tenants.map(({ name, apps, appliances, limits }) => (
                  <tr key={name}>
                    <td>{name}</td>
                    <td class="number">{apps}</td>
                    <td class="number">{appliances}</td>
                    <td>{limitsInWords(limits)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </Shown>
    </Card>
  );
}

function limitsInWords(limits: Record<string, number | null>): string {
  const set = Object.entries(limits).flatMap(([name, most]) => (most === null ? [] : [`${name} ${most}`]));
  return set.join(", ") || "none";
}

function Tokens() {
  const tokens = useData<TokensReply>((signal) => ask("/v1/tokens", { signal }), ["tokens"], 30_000);
  const inWords = (at: number | null, never: string) => (at === null ? never : dateAndTime(at));
  return (
    <Card title="Tokens" about="Of principals; the tokens themselves are shown to nobody">
      <Shown loaded={tokens}>
        {(data) =>
          data.tokens.length === 0 ? (
            <p class="muted">No token was made; the one of the first start is in no list.</p>
          ) : (
            <div class="scroll" tabIndex={0} role="region" aria-label="List of tokens">
              <table>
                <thead>
                  <tr>
                    <th>Principal</th>
                    <th>Role</th>
                    <th>Tenant</th>
                    <th>Expires</th>
                    <th>Last used</th>
                  </tr>
                </thead>
                <tbody>
                  {data.tokens.map(({ id, principal, role, tenant, expiresAt, lastUsedAt }) => (
                    <tr key={id}>
                      <td>{principal}</td>
                      <td>{role}</td>
                      <td>{tenant ?? "whole server"}</td>
                      <td class="number">{inWords(expiresAt, "never")}</td>
                      <td class="number">{inWords(lastUsedAt, "never")}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )
        }
      </Shown>
    </Card>
  );
}

function AuditLog() {
  const audit = useData<AuditReply>((signal) => ask("/v1/audit", { query: { tail: 100 }, signal }), ["audit"], 15_000);
  return (
    <Card title="Audit log" about="The newest hundred calls of the management API, the newest first">
      <Shown loaded={audit}>
        {({ lines }) => (
          <div class="scroll" tabIndex={0} role="region" aria-label="Lines of the audit log">
            <table>
              <thead>
                <tr>
                  <th>When</th>
                  <th>Who</th>
                  <th>What</th>
                  <th>On</th>
                  <th>Result</th>
                </tr>
              </thead>
              <tbody>
                {lines.toReversed().map(({ at, principal, of, action, tenant, target, result }, index) => (
                  <tr key={index}>
                    <td class="number">{dateAndTime(at)}</td>
                    <td>{principal === null ? "nobody known" : of === null ? principal : `${principal}@${of}`}</td>
                    <td>{action}</td>
                    <td>{[tenant === null ? "" : `@${tenant}`, target].filter(Boolean).join("/")}</td>
                    <td class={result === "ok" ? "" : "bad-text"}>{result}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </Shown>
    </Card>
  );
}
