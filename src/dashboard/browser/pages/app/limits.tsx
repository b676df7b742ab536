import { useState } from "preact/hooks";
import type { LimitsReply } from "../../../model/app-replies.ts";
import { number, share } from "../../../model/format.ts";
import type { AppBillReply } from "../../../model/replies.ts";
import { ask } from "../../api.ts";
import { Action, Allowed } from "../../parts/action.tsx";
import { TextField } from "../../parts/field.tsx";
import { Card } from "../../parts/page.tsx";
import { Shown } from "../../parts/shown.tsx";
import { useData } from "../../use-data.ts";

type Name = keyof LimitsReply["limits"];

const words: Record<Name, string> = { spend: "Spend", requests: "Calls", cpuSeconds: "CPU seconds" };

interface LimitsProps {
  path: string;
  currency: string;
  used: AppBillReply["bill"]["limits"];
  onChange: () => void;
}

/** What the app may use in a month. */
export function Limits({ path, currency, used, onChange }: LimitsProps) {
  const loaded = useData<LimitsReply>((signal) => ask(`${path}/limits`, { signal }), [path], 30_000);
  const changed = () => {
    loaded.reload();
    onChange();
  };
  return (
    <Card title="Limits" about="Of a month in UTC: once one is reached, calls are refused until the next month">
      {used.length === 0 ? (
        <p class="muted">
          The app may use as much as it likes. The form below sets a limit, and so does <code>mayfly limit set</code>.
        </p>
      ) : (
        <ul class="plain-list">
          {used.map(({ limit, used: amount, most, state }) => (
            <li key={limit} class={state === "reached" ? "bad-text" : ""}>
              {words[limit as Name] ?? limit}: {number(amount)} of {number(most)}
              {limit === "spend" && ` ${currency}`} used ({share(amount / most)}){state === "reached" && ", calls are refused"}
            </li>
          ))}
        </ul>
      )}
      <h3>Set limits</h3>
      <Allowed action="set-limits" to="set limits of apps">
        <Shown loaded={loaded} height={60}>
          {(data) => <LimitForm key={JSON.stringify(data.limits)} path={path} {...data} onChange={changed} />}
        </Shown>
      </Allowed>
    </Card>
  );
}

function LimitForm({ path, limits, currency, onChange }: LimitsReply & { path: string; onChange: () => void }) {
  const [texts, setTexts] = useState<Record<Name, string>>({
    spend: text(limits.spend),
    requests: text(limits.requests),
    cpuSeconds: text(limits.cpuSeconds),
  });
  const save = async () => {
    const body = Object.fromEntries(Object.entries(texts).map(([name, given]) => [name, amount(words[name as Name], given)]));
    await ask(`${path}/limits`, { method: "PATCH", body });
    return "Set.";
  };
  return (
    <div class="fields">
      {(["spend", "requests", "cpuSeconds"] as const).map((name) => (
        <TextField
          key={name}
          label={name === "spend" ? `${words.spend}, ${currency}` : words[name]}
          about="empty: no limit"
          value={texts[name]}
          onInput={(given) => setTexts({ ...texts, [name]: given })}
        />
      ))}
      <Action act={save} onDone={onChange}>
        Set limits
      </Action>
    </div>
  );
}

const text = (limit: number | null) => (limit === null ? "" : String(limit));

/** Throws if it is no number. */
function amount(name: string, given: string): number | null {
  if (given.trim() === "") return null;
  const value = Number(given);
  if (!Number.isFinite(value)) throw new Error(`${name} must be a number, or empty.`);
  return value;
}
