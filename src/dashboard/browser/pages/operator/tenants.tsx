import { useState } from "preact/hooks";
import { dateAndTime, number, share } from "../../../model/format.ts";
import type { TenantReply, TenantsReply } from "../../../model/replies.ts";
import { ask } from "../../api.ts";
import { Action } from "../../parts/action.tsx";
import { Card } from "../../parts/page.tsx";
import { Shown } from "../../parts/shown.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { tenant as looked } from "../../session.ts";
import { useData } from "../../use-data.ts";

type Listed = TenantsReply["tenants"][number];

/** All apps of a tenant together; docs/tenants.md has what each limits. */
const limitWords: Record<string, string> = {
  spend: "spend in a month, in the currency of the bill",
  requests: "calls in a month",
  cpuSeconds: "CPU seconds in a month",
  requestsPerSecond: "calls per second",
  machines: "machines at a time",
  memoryMb: "MB of machines' memory",
  vcpus: "vCPUs of machines",
  startsPerSecond: "machines given to apps per second",
  codeMb: "MB of code",
  kvMb: "MB of key-value stores",
  objectsMb: "MB of objects",
  queuesMb: "MB of queues",
  logMb: "MB of logs",
};

const pathOf = (name: string) => `/v1/tenants/${encodeURIComponent(name)}`;

export function TenantsTab() {
  const [chosen, setChosen] = useState<string | null>(null);
  const tenants = useData<TenantsReply>((signal) => ask("/v1/tenants", { tenant: "", signal }), ["tenants"], 30_000);
  const columns: readonly Column<Listed>[] = [
    { title: "Tenant", cell: ({ name }) => <strong>{name}</strong> },
    { title: "Apps", cell: ({ apps }) => number(apps), isNumber: true },
    { title: "Appliances", cell: ({ appliances }) => number(appliances), isNumber: true },
    { title: "Limits", cell: ({ limits }) => limitsInWords(limits) },
    { title: "Made", cell: ({ createdAt }) => (createdAt === null ? "with the server" : dateAndTime(createdAt)), isNumber: true },
    {
      title: "Limits and removal",
      isUntitled: true,
      cell: ({ name }) => (
        <button class="button" type="button" aria-expanded={chosen === name} onClick={() => setChosen(chosen === name ? null : name)}>
          {chosen === name ? "Close" : "Change"}
          <span class="unseen"> {name}</span>
        </button>
      ),
    },
  ];
  const onGone = () => {
    if (looked.value === chosen) looked.value = "";
    setChosen(null);
    tenants.reload();
  };
  return (
    <>
      <Card title="Tenants" about="Who owns apps, and what all apps of one may use together">
        <Shown loaded={tenants}>
          {(data) => (
            <Table
              label="List of tenants"
              columns={columns}
              rows={data.tenants}
              keyOf={({ name }) => name}
              below={({ name }) => chosen === name && <Chosen key={name} name={name} onChange={tenants.reload} onGone={onGone} />}
            />
          )}
        </Shown>
      </Card>
      <NewTenant onDone={tenants.reload} />
    </>
  );
}

const capital = (text: string) => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;

function limitsInWords(limits: Listed["limits"]): string {
  const set = Object.entries(limits).flatMap(([name, most]) => (most === null ? [] : [`${number(most)} ${limitWords[name] ?? name}`]));
  return set.join(", ") || "none";
}

function NewTenant({ onDone }: { onDone: () => void }) {
  const [name, setName] = useState("");
  const make = async () => {
    await ask("/v1/tenants", { method: "POST", body: { name }, tenant: "" });
    setName("");
    return `The tenant ${name} was made. It needs a principal: see tokens and keys, with the tenant chosen at the top.`;
  };
  return (
    <Card title="Make a tenant" about="It has no limits at first">
      <div class="stack form">
        <label class="field">
          <span>Name</span>
          <input
            class="input"
            value={name}
            maxLength={40}
            spellcheck={false}
            onInput={({ currentTarget }) => setName(currentTarget.value)}
          />
          <span class="muted">a-z, 0-9 and -; it is a part of the URLs of its apps</span>
        </label>
        <Action act={make} onDone={onDone} isDisabled={name === ""}>
          Make the tenant
        </Action>
      </div>
    </Card>
  );
}

function Chosen({ name, onChange, onGone }: { name: string; onChange: () => void; onGone: () => void }) {
  const loaded = useData<TenantReply>((signal) => ask(pathOf(name), { tenant: "", signal }), ["tenant", name]);
  return <Shown loaded={loaded}>{(data) => <Limits key={name} {...data} onChange={onChange} onGone={onGone} />}</Shown>;
}

function Limits({ name, limits, uses, apps, appliances, onChange, onGone }: TenantReply & { onChange: () => void; onGone: () => void }) {
  const [texts, setTexts] = useState(() => new Map(Object.entries(limits).map(([key, most]) => [key, most === null ? "" : String(most)])));
  const [saved, setSaved] = useState(limits);
  const save = async () => {
    const changes = [...texts].flatMap(([key, text]) => {
      const most = text.trim() === "" ? null : Number(text);
      return most === saved[key] ? [] : [[key, most] as const];
    });
    const wrong = changes.find(([, most]) => most !== null && !Number.isFinite(most));
    if (wrong !== undefined) throw new Error(`${limitWords[wrong[0]] ?? wrong[0]} must be a number, or empty.`);
    if (changes.length === 0) return "Nothing was changed.";
    const now = await ask<TenantReply>(`${pathOf(name)}/limits`, { method: "PATCH", body: Object.fromEntries(changes), tenant: "" });
    setSaved(now.limits);
    return "The limits hold from now on.";
  };
  const remove = async () => {
    await ask(pathOf(name), { method: "DELETE", query: { force: "true" }, tenant: "" });
    return "Removed.";
  };
  return (
    <div class="stack below-row">
      <div class="fields">
        {[...texts].map(([key, text]) => (
          <label class="field" key={key}>
            <span>{capital(limitWords[key] ?? key)}</span>
            <input
              class="input"
              inputMode="decimal"
              placeholder="no limit"
              value={text}
              onInput={({ currentTarget }) => setTexts(new Map(texts).set(key, currentTarget.value))}
            />
          </label>
        ))}
      </div>
      {uses.length > 0 && (
        <p class="muted">
          This month:{" "}
          {uses
            .map(({ limit, used, most }) => `${number(used)} of ${number(most)} ${limitWords[limit] ?? limit} (${share(used / most)})`)
            .join(", ")}
          .
        </p>
      )}
      <Action act={save} onDone={onChange}>
        Set the limits
      </Action>
      {name === "main" ? (
        <p class="muted">The tenant main is built in and stays.</p>
      ) : (
        <Removal {...{ name, apps, appliances, remove, onGone }} />
      )}
    </div>
  );
}

interface RemovalProps extends Pick<TenantReply, "name" | "apps" | "appliances"> {
  remove: () => Promise<string>;
  onGone: () => void;
}

/** All that a tenant has goes with it, so that its name is to be typed. */
function Removal({ name, apps, appliances, remove, onGone }: RemovalProps) {
  const [typed, setTyped] = useState("");
  return (
    <div class="stack">
      <label class="field form">
        <span>
          Removing {name} removes its {number(apps)} apps, {number(appliances)} appliances, tokens and keys; its bills stay. To do so, type
          its name
        </span>
        <input class="input" value={typed} spellcheck={false} onInput={({ currentTarget }) => setTyped(currentTarget.value)} />
      </label>
      <Action act={remove} onDone={onGone} confirm={`Remove ${name} for good?`} isDisabled={typed !== name}>
        Remove the tenant
      </Action>
    </div>
  );
}
