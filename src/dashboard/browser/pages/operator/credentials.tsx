import { useState } from "preact/hooks";
import { dateAndTime } from "../../../model/format.ts";
import type { CredentialReply, KeysReply, MadeCredentialReply, TokensReply } from "../../../model/replies.ts";
import { ask } from "../../api.ts";
import { Action } from "../../parts/action.tsx";
import { Choices } from "../../parts/choices.tsx";
import { Card } from "../../parts/page.tsx";
import { Shown } from "../../parts/shown.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { session, tenant } from "../../session.ts";
import { useData } from "../../use-data.ts";

type Kind = "tokens" | "keys";

/** What is made has the tenant that is chosen at the top; without a choice, operators and who is of the whole server have none. */
export function CredentialsTab() {
  const tokens = useData<TokensReply>((signal) => ask("/v1/tokens", { signal }), ["tokens"], 30_000);
  const keys = useData<KeysReply>((signal) => ask("/v1/keys", { signal }), ["keys"], 30_000);
  const reload = () => {
    tokens.reload();
    keys.reload();
  };
  return (
    <>
      <NewCredential onDone={reload} />
      <Card
        title="Tokens"
        about="Of people and programs (principals), for commands and this page. The tokens themselves are shown to nobody"
      >
        <Shown loaded={tokens}>
          {(data) => (
            <Table
              label="List of tokens"
              columns={columnsOf("tokens", tokens.reload)}
              rows={data.tokens}
              keyOf={({ id }) => id}
              empty="No token was made. The server's own, which it made at its first start, is in no list."
            />
          )}
        </Shown>
      </Card>
      <Card title="Key pairs" about="For programs that sign their requests as those of AWS do. Their secrets are shown to nobody">
        <Shown loaded={keys}>
          {(data) => (
            <Table
              label="List of key pairs"
              columns={columnsOf("keys", keys.reload)}
              rows={data.keys}
              keyOf={({ id }) => id}
              empty="No key pair was made. The form above makes one."
            />
          )}
        </Shown>
      </Card>
    </>
  );
}

function columnsOf(kind: Kind, onRevoked: () => void): readonly Column<CredentialReply>[] {
  const inWords = (at: number | null) => (at === null ? "never" : dateAndTime(at));
  return [
    { title: "Principal", cell: ({ principal }) => principal },
    { title: "Id", cell: ({ id }) => <code class="nowrap">{id}</code> },
    { title: "Role", cell: ({ role, apps }) => (apps === null ? role : `${role} of ${apps.join(", ")}`) },
    { title: "Tenant", cell: ({ tenant: of }) => of ?? "whole server" },
    { title: "Expires", cell: ({ expiresAt }) => inWords(expiresAt), isNumber: true },
    { title: "Last used", cell: ({ lastUsedAt }) => inWords(lastUsedAt), isNumber: true },
    {
      title: "Revoke",
      isUntitled: true,
      cell: ({ id, principal }) => (
        <Action
          act={async () => {
            await ask(`/v1/${kind}/${encodeURIComponent(id)}`, { method: "DELETE" });
            return "Revoked.";
          }}
          onDone={onRevoked}
          confirm="Revoke?"
        >
          Revoke<span class="unseen"> that of {principal}</span>
        </Action>
      ),
    },
  ];
}

const kinds = [
  { value: "tokens", text: "Token" },
  { value: "keys", text: "Key pair" },
] as const;

/** In days; 0: it does not expire. */
const lives = [0, 1, 7, 30, 90, 365];

const roleWords: Record<string, string> = {
  operator: "operator: everything, on the whole server",
  "tenant-admin": "tenant-admin: everything in the tenant",
  deployer: "deployer: deploys, calls and looks",
  reader: "reader: looks",
  invoker: "invoker: calls functions",
};

function NewCredential({ onDone }: { onDone: () => void }) {
  const isOperator = session.value?.principal.role === "operator";
  const [kind, setKind] = useState<Kind>("tokens");
  const [principal, setPrincipal] = useState("");
  const [role, setRole] = useState("reader");
  const [apps, setApps] = useState("");
  const [days, setDays] = useState(90);
  const [made, setMade] = useState<MadeCredentialReply | null>(null);
  const roles = Object.keys(roleWords).filter((one) => one !== "operator" || (isOperator && tenant.value === ""));
  const make = async () => {
    const names = apps.split(/[\s,]+/).filter(Boolean);
    const body = {
      principal,
      role,
      apps: names.length === 0 ? null : names,
      allTenants: false,
      expiresInSeconds: days === 0 ? null : days * 86_400,
    };
    setMade(await ask<MadeCredentialReply>(`/v1/${kind}`, { method: "POST", body }));
    setPrincipal("");
    return "";
  };
  return (
    <Card title="Make a token or a key pair" about={`For somebody, or some program, of ${ofTenant(role, isOperator)}`}>
      <div class="stack">
        <Choices label="What is made" options={kinds} value={kind} onChoose={setKind} />
        <div class="fields">
          <label class="field">
            <span>Principal</span>
            <input
              class="input"
              value={principal}
              maxLength={40}
              spellcheck={false}
              autocomplete="off"
              onInput={({ currentTarget }) => setPrincipal(currentTarget.value)}
            />
            <span class="muted">a name for who uses it, as the audit log shows it</span>
          </label>
          <label class="field">
            <span>Role</span>
            <select class="input" value={role} onChange={({ currentTarget }) => setRole(currentTarget.value)}>
              {roles.map((one) => (
                <option key={one} value={one}>
                  {roleWords[one]}
                </option>
              ))}
            </select>
          </label>
          <label class="field">
            <span>Apps that it is bounded to</span>
            <input
              class="input"
              value={apps}
              placeholder="all of the tenant"
              spellcheck={false}
              onInput={({ currentTarget }) => setApps(currentTarget.value)}
            />
            <span class="muted">names with commas between them</span>
          </label>
          <label class="field">
            <span>Expires</span>
            <select class="input" value={days} onChange={({ currentTarget }) => setDays(Number(currentTarget.value))}>
              {lives.map((life) => (
                <option key={life} value={life}>
                  {life === 0 ? "never" : `in ${life} day${life === 1 ? "" : "s"}`}
                </option>
              ))}
            </select>
          </label>
        </div>
        <Action act={make} onDone={onDone} isDisabled={principal === ""}>
          {kind === "tokens" ? "Make the token" : "Make the key pair"}
        </Action>
        {made !== null && <Made key={made.id} made={made} onClose={() => setMade(null)} />}
      </div>
    </Card>
  );
}

function ofTenant(role: string, isOperator: boolean): string {
  if (role === "operator") return "the whole server";
  const of = session.value?.principal.tenant ?? tenant.value;
  if (of !== "") return `the tenant ${of}`;
  return isOperator ? "the tenant main; another one is chosen at the top" : "your tenant";
}

/** The only place where the secret is shown. */
function Made({ made, onClose }: { made: MadeCredentialReply; onClose: () => void }) {
  const isToken = made.token !== undefined;
  return (
    <div class="note-box made" role="status">
      <strong>
        {isToken ? "The token" : "The key pair"} of {made.principal}. It is shown here, once, and never again.
      </strong>
      {!isToken && <Secret label="Access key id" text={made.id} />}
      <Secret label={isToken ? "Token" : "Secret access key"} text={made.token ?? made.secret ?? ""} />
      <button class="button" type="button" onClick={onClose}>
        I have it
      </button>
    </div>
  );
}

function Secret({ label, text }: { label: string; text: string }) {
  return (
    <div class="secret">
      <span>{label}</span>
      <code data-secret={label}>{text}</code>
      <Action act={() => copy(text)}>
        Copy<span class="unseen"> the {label.toLowerCase()}</span>
      </Action>
    </div>
  );
}

/** Browsers give pages their clipboard over TLS and on loopback alone. */
async function copy(text: string): Promise<string> {
  try {
    await navigator.clipboard.writeText(text);
    return "Copied.";
  } catch {
    throw new Error("The browser does not let this page copy: select the text.");
  }
}
