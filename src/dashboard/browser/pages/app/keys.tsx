import { useState } from "preact/hooks";
import type { KeyListReply, KeyValueReply } from "../../../model/app-replies.ts";
import { bytes, dateAndTime } from "../../../model/format.ts";
import { ask } from "../../api.ts";
import { Action, may } from "../../parts/action.tsx";
import { Foreign } from "../../parts/foreign.tsx";
import { Pager } from "../../parts/pager.tsx";
import { usePrefixSearch } from "../../parts/prefix-search.tsx";
import { Shown } from "../../parts/shown.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { useData } from "../../use-data.ts";

const PAGE = 50;

type Listed = KeyListReply["keys"][number];

/** The keys of a store, by their beginnings, and their values. @param path of the store in the API */
export function Keys({ path, store }: { path: string; store: string }) {
  const { prefix, after, setAfter, field, isWhole } = usePrefixSearch();
  const [chosen, setChosen] = useState<string | null>(null);
  const cursor = after.at(-1)!;
  const query = { prefix, limit: PAGE, ...(cursor !== "" && { cursor }) };
  const keys = useData<KeyListReply>((signal) => ask(`${path}/keys`, { query, signal }), [path, query], 10_000);
  const columns: Column<Listed>[] = [
    {
      title: "Key",
      cell: ({ key }) => (
        <button class="link mono" type="button" aria-expanded={key === chosen} onClick={() => setChosen(key === chosen ? null : key)}>
          <bdi>{key === "" ? "(empty)" : key}</bdi>
        </button>
      ),
    },
    { title: "Size", isNumber: true, cell: ({ bytes: size }) => bytes(size) },
    {
      title: "Version",
      about: "Each change of the store has the next number: this is that of the key's last change.",
      isNumber: true,
      cell: ({ version }) => version,
    },
    {
      title: "Expires",
      isNumber: true,
      cell: ({ expiration }) => (expiration === null ? "never" : dateAndTime(1_000 * expiration)),
    },
  ];
  return (
    <div class="inset">
      {field}
      <Shown loaded={keys} height={60}>
        {(data) => (
          <Table
            label={`Keys of ${store}`}
            columns={columns}
            rows={data.keys}
            keyOf={({ key }) => key}
            below={({ key, version }) =>
              key === chosen && <Value key={`${version} ${key}`} path={path} name={key} onChange={keys.reload} />
            }
            empty={
              isWhole ? (
                <>
                  There is no key in it. Functions put some, and so does <code>mayfly kv put</code>.
                </>
              ) : (
                "No key begins with this."
              )
            }
          />
        )}
      </Shown>
      <Pager after={after} next={keys.data?.cursor ?? null} onMove={setAfter} />
    </div>
  );
}

function Value({ path, name, onChange }: { path: string; name: string; onChange: () => void }) {
  const query = { key: name };
  const value = useData<KeyValueReply>((signal) => ask(`${path}/value`, { query, signal }), [path, name]);
  return (
    <div class="inset">
      <Shown loaded={value} height={40}>
        {({ value: text, base64, metadata }) => (
          <>
            {base64 && <p class="muted">The value is no text: here it is in base64.</p>}
            <Foreign text={text} label={`Value of ${name}`} />
            {metadata !== null && (
              <>
                <h3>Metadata</h3>
                <Foreign text={JSON.stringify(metadata, null, 2)} label={`Metadata of ${name}`} />
              </>
            )}
          </>
        )}
      </Shown>
      {may("deploy") && (
        <p class="buttons">
          <Action
            act={() => ask(`${path}/value`, { method: "DELETE", query }).then(() => "Removed.")}
            confirm="Remove the key?"
            onDone={onChange}
          >
            Remove
          </Action>
        </p>
      )}
    </div>
  );
}
