import { useState } from "preact/hooks";
import type { AppReply } from "../../../model/replies.ts";
import { splitInWords } from "../../../model/split.ts";
import { ask } from "../../api.ts";
import { Action, Allowed, may } from "../../parts/action.tsx";
import { SelectField, TextField } from "../../parts/field.tsx";
import { Card } from "../../parts/page.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import type { TabProps } from "./tab.ts";
import { Weights } from "./weights.tsx";

type Alias = AppReply["aliases"][number];

/** All aliases but `live`, which gets the calls that name none. */
export function Aliases(props: TabProps) {
  const { app, path, onChange } = props;
  const [open, setOpen] = useState<string | null>(null);
  const others = app.aliases.filter(({ name }) => name !== "live");
  const columns: Column<Alias>[] = [
    { title: "Alias", cell: ({ name }) => <code>{name}</code> },
    { title: "Calls go to", isNumber: true, cell: ({ targets }) => splitInWords(targets) },
    { title: "Called as", cell: ({ name }) => <code>{`/${app.app}@${name}/…`}</code> },
  ];
  if (may("deploy"))
    columns.push({
      title: "Actions",
      isUntitled: true,
      cell: ({ name }) => (
        <div class="buttons">
          <button class="button" type="button" aria-expanded={open === name} onClick={() => setOpen(open === name ? null : name)}>
            Move<span class="unseen"> {name}</span>
          </button>
          <Action
            act={() => ask(`${path}/aliases/${encodeURIComponent(name)}`, { method: "DELETE" }).then(() => "Removed.")}
            confirm="Remove it?"
            on={name}
            onDone={onChange}
          >
            Remove
          </Action>
        </div>
      ),
    });
  return (
    <Card title="Other aliases" about="Names for revisions, beside live, such as next for what is tried out: calls that name one go there">
      <Table
        label="List of other aliases"
        columns={columns}
        rows={others}
        keyOf={({ name }) => name}
        below={({ name, targets }) => open === name && <Weights key={JSON.stringify(targets)} {...props} alias={name} />}
        empty={
          <>
            The app has no alias but <code>live</code>. <code>mayfly deploy --alias next</code> makes one of a new revision.
          </>
        }
      />
      <h3>Make an alias, or point one elsewhere</h3>
      <Allowed action="deploy" to="make or move aliases">
        <NewAlias {...props} />
      </Allowed>
    </Card>
  );
}

function NewAlias({ app, path, onChange }: TabProps) {
  const [name, setName] = useState("");
  const [revision, setRevision] = useState("");
  const chosen = revision === "" ? (app.revisions[0]?.id ?? "") : revision;
  const save = async () => {
    const targets = [{ revision: chosen, weight: 1 }];
    await ask(`${path}/aliases/${encodeURIComponent(name.trim())}`, { method: "PUT", body: { targets } });
    setName("");
    return "It points there now.";
  };
  return (
    <div class="fields">
      <TextField label="Alias" value={name} onInput={setName} placeholder="next" />
      <SelectField
        label="Points at"
        value={chosen}
        options={app.revisions.map(({ id, number }) => ({ value: id, text: `revision ${number}` }))}
        onChange={setRevision}
      />
      <Action act={save} onDone={onChange} isDisabled={name.trim() === "" || chosen === ""}>
        Point
      </Action>
    </div>
  );
}
