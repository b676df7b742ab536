import { money, number, share, times } from "../../../model/format.ts";
import type { AppBillReply, SecretNamesReply } from "../../../model/replies.ts";
import { ask } from "../../api.ts";
import { Card } from "../../parts/page.tsx";
import { Failed, Loading } from "../../parts/states.tsx";
import { useData } from "../../use-data.ts";
import type { TabProps } from "./tab.ts";

export function CostTab({ path }: TabProps) {
  const bill = useData<AppBillReply>((signal) => ask(`${path}/bill`, { signal }), [path], 30_000);
  const secrets = useData<SecretNamesReply>((signal) => ask(`${path}/secrets`, { signal }), [path], 30_000);
  return (
    <div class="stack">
      {bill.data === undefined ? (
        bill.error ? (
          <Failed error={bill.error} onRetry={bill.reload} />
        ) : (
          <Loading height={240} />
        )
      ) : (
        <Bill {...bill.data} />
      )}
      <Card title="Secrets" about="Names alone; nobody is shown values">
        {secrets.data === undefined ? (
          secrets.error ? (
            <Failed error={secrets.error} onRetry={secrets.reload} />
          ) : (
            <Loading height={40} />
          )
        ) : secrets.data.names.length === 0 ? (
          <p class="muted">The app has no secrets.</p>
        ) : (
          <ul class="plain-list">
            {secrets.data.names.map((name) => (
              <li key={name}>
                <code>{name}</code>
              </li>
            ))}
          </ul>
        )}
      </Card>
    </div>
  );
}

function Bill({ month, prices: { currency }, bill }: AppBillReply) {
  const cheaper = times(bill.wallClock.cost, bill.cost);
  return (
    <>
      <Card title="Bill" about={`${month} (UTC), so far`}>
        <p class="big number">{money(bill.cost, currency)}</p>
        <p class="muted spent-words">
          At wall-clock prices {money(bill.wallClock.cost, currency)}
          {cheaper !== undefined && `, ${cheaper} as much`}.
        </p>
        <div class="scroll" tabIndex={0} role="region" aria-label="Lines of the bill">
          <table>
            <thead>
              <tr>
                <th>What</th>
                <th>Used</th>
                <th>Cost</th>
              </tr>
            </thead>
            <tbody>
              {bill.lines.map(({ what, quantity, unit, cost }) => (
                <tr key={what}>
                  <td>{what}</td>
                  <td class="number">
                    {number(quantity)} {unit}
                  </td>
                  <td class="number">{money(cost, currency)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </Card>
      <Card title="By function">
        <div class="scroll" tabIndex={0} role="region" aria-label="Cost by function">
          <table>
            <thead>
              <tr>
                <th>Function</th>
                <th>Calls</th>
                <th>Wall time</th>
                <th>Cost</th>
              </tr>
            </thead>
            <tbody>
              {bill.functions.map(({ function: name, requests, wallSeconds, cost }) => (
                <tr key={name}>
                  <td>
                    <code>{name}</code>
                  </td>
                  <td class="number">{number(requests)}</td>
                  <td class="number">{number(wallSeconds)} s</td>
                  <td class="number">{money(cost, currency)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </Card>
      <Card title="Limits" about="Of a month; mayfly limit sets them">
        {bill.limits.length === 0 ? (
          <p class="muted">The app may use as much as it likes.</p>
        ) : (
          <ul class="plain-list">
            {bill.limits.map(({ limit, used, most, state }) => (
              <li key={limit} class={state === "reached" ? "bad-text" : ""}>
                {limit}: {number(used)} of {number(most)} used ({share(used / most)})
              </li>
            ))}
          </ul>
        )}
      </Card>
    </>
  );
}
