import { useState } from "preact/hooks";
import type { SecretNamesReply } from "../../../model/replies.ts";
import { ask } from "../../api.ts";
import { Action, Allowed, may } from "../../parts/action.tsx";
import { TextField } from "../../parts/field.tsx";
import { Card } from "../../parts/page.tsx";
import { Shown } from "../../parts/shown.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { useData } from "../../use-data.ts";
import type { TabProps } from "./tab.ts";

export function Secrets({ path }: Pick<TabProps, "path">) {
  const secrets = useData<SecretNamesReply>((signal) => ask(`${path}/secrets`, { signal }), [path], 30_000);
  const columns: Column<string>[] = [{ title: "Secret", cell: (name) => <code>{name}</code> }];
  if (may("set-secrets"))
    columns.push({
      title: "Actions",
      isUntitled: true,
      cell: (name) => (
        <div class="buttons">
          <Action
            act={() => ask(`${path}/secrets/${encodeURIComponent(name)}`, { method: "DELETE" }).then(() => "Removed.")}
            confirm="Remove it?"
            on={name}
            onDone={secrets.reload}
          >
            Remove
          </Action>
        </div>
      ),
    });
  return (
    <Card title="Secrets" about="Kept encrypted, and given to the app's machines as variables: nobody is shown values">
      <Shown loaded={secrets} height={40}>
        {({ names }) => (
          <Table
            label="List of secrets"
            columns={columns}
            rows={names}
            keyOf={(name) => name}
            empty={
              <>
                The app has no secrets. The form below sets one, and so does <code>mayfly secret set</code>; functions get those that{" "}
                <code>secrets</code> of <code>mayfly.json</code> names.
              </>
            }
          />
        )}
      </Shown>
      <h3>Set a secret</h3>
      <Allowed action="set-secrets" to="set secrets">
        <NewSecret path={path} onChange={secrets.reload} />
      </Allowed>
    </Card>
  );
}

function NewSecret({ path, onChange }: { path: string; onChange: () => void }) {
  const [name, setName] = useState("");
  const [value, setValue] = useState("");
  const save = async () => {
    await ask(`${path}/secrets/${encodeURIComponent(name.trim())}`, { method: "PUT", body: { value } });
    setValue("");
    return "Set. Machines that start from now on have it.";
  };
  return (
    <div class="fields">
      <TextField label="Name" value={name} onInput={setName} placeholder="API_KEY" />
      <TextField label="Value" value={value} onInput={setValue} isSecret />
      <Action act={save} onDone={onChange} isDisabled={name.trim() === "" || value === ""}>
        Set
      </Action>
    </div>
  );
}
