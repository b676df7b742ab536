import { useState } from "preact/hooks";
import type {
  BucketListReply,
  DatabaseListReply,
  KeyValueStoresReply,
  ObjectListReply,
  SqlCopiesReply,
} from "../../../model/app-replies.ts";
import { bytes, dateAndTime, number } from "../../../model/format.ts";
import { ask } from "../../api.ts";
import { Card } from "../../parts/page.tsx";
import { Pager } from "../../parts/pager.tsx";
import { usePrefixSearch } from "../../parts/prefix-search.tsx";
import { Shown } from "../../parts/shown.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { useData } from "../../use-data.ts";
import { Keys } from "./keys.tsx";
import type { TabProps } from "./tab.ts";

/** What the app keeps: key-value stores, buckets and SQL databases. */
export function DataTab(props: TabProps) {
  return (
    <div class="stack">
      <Stores {...props} />
      <Buckets {...props} />
      <Databases {...props} />
    </div>
  );
}

/** A name that is chosen to look into what has it. */
function choosing(chosen: string | null, choose: (name: string | null) => void) {
  return ({ name }: { name: string }) => (
    <button class="link" type="button" aria-expanded={name === chosen} onClick={() => choose(name === chosen ? null : name)}>
      {name}
    </button>
  );
}

type Store = KeyValueStoresReply["stores"][number];

function Stores({ path }: TabProps) {
  const stores = useData<KeyValueStoresReply>((signal) => ask(`${path}/kv`, { signal }), [path], 10_000);
  const [chosen, setChosen] = useState<string | null>(null);
  const columns: Column<Store>[] = [
    { title: "Store", cell: choosing(chosen, setChosen) },
    { title: "Keys", isNumber: true, cell: ({ entries }) => number(entries) },
    { title: "Size", isNumber: true, cell: ({ bytes: size }) => bytes(size) },
  ];
  return (
    <Card title="Key-value stores" about="Small values under keys, which functions keep for each other and for later">
      <Shown loaded={stores} height={60}>
        {(data) => (
          <Table
            label="List of key-value stores"
            columns={columns}
            rows={data.stores}
            keyOf={({ name }) => name}
            below={({ name }) => name === chosen && <Keys key={name} path={`${path}/kv/${encodeURIComponent(name)}`} store={name} />}
            empty={
              <>
                The app has no key-value store. <code>{`"bindings": { "KV": { "kv": "sessions" } }`}</code> of <code>mayfly.json</code>{" "}
                names one, and the first put makes it.
              </>
            }
          />
        )}
      </Shown>
    </Card>
  );
}

type Bucket = BucketListReply["buckets"][number];

/** As many as the API tells at once. */
const MOST_BUCKETS = 200;

function Buckets({ app }: TabProps) {
  const [after, setAfter] = useState<readonly string[]>([""]);
  const query = { app: app.app, limit: MOST_BUCKETS, ...(after.length > 1 && { after: after.at(-1)! }) };
  const buckets = useData<BucketListReply>((signal) => ask("/v1/buckets", { query, signal }), [query], 10_000);
  const [chosen, setChosen] = useState<string | null>(null);
  const columns: Column<Bucket>[] = [
    { title: "Bucket", cell: choosing(chosen, setChosen) },
    {
      title: "The app calls it",
      about: "The name that mayfly.json has for the bucket; clients of S3 use the other.",
      cell: ({ called }) => called ?? "–",
    },
    { title: "Objects", isNumber: true, cell: ({ objects }) => number(objects) },
    { title: "Size", isNumber: true, cell: ({ bytes: size }) => bytes(size) },
    {
      title: "Versions",
      about: "Whether objects that are replaced or removed are kept as older versions.",
      cell: ({ versioning }) => versioning,
    },
  ];
  return (
    <Card title="Buckets" about="Files of any size; S3's API reaches them, too">
      <Shown loaded={buckets} height={60}>
        {(data) => (
          <Table
            label="List of buckets"
            columns={columns}
            rows={data.buckets}
            keyOf={({ name }) => name}
            below={({ name }) => name === chosen && <Objects key={name} bucket={name} />}
            empty={
              <>
                The app has no bucket. <code>{`"bindings": { "FILES": { "bucket": "files" } }`}</code> of <code>mayfly.json</code> makes one
                for it.
              </>
            }
          />
        )}
      </Shown>
      <Pager
        after={after}
        next={buckets.data?.buckets.length === MOST_BUCKETS ? buckets.data.buckets.at(-1)!.name : null}
        onMove={setAfter}
      />
    </Card>
  );
}

const PAGE = 50;
type Listed = ObjectListReply["objects"][number];

const objectColumns: Column<Listed>[] = [
  { title: "Key", cell: ({ key }) => <bdi class="mono">{key}</bdi> },
  { title: "Size", isNumber: true, cell: ({ bytes: size }) => bytes(size) },
  { title: "Changed", isNumber: true, cell: ({ modifiedAt }) => dateAndTime(Date.parse(modifiedAt)) },
  { title: "Type", cell: ({ type }) => type ?? "–" },
];

function Objects({ bucket }: { bucket: string }) {
  const { prefix, after, setAfter, field, isWhole } = usePrefixSearch();
  const query = { prefix, after: after.at(-1)!, limit: PAGE };
  const path = `/v1/buckets/${encodeURIComponent(bucket)}/objects`;
  const objects = useData<ObjectListReply>((signal) => ask(path, { query, signal }), [path, query], 15_000);
  return (
    <div class="inset">
      {field}
      <Shown loaded={objects} height={60}>
        {(data) => (
          <Table
            label={`Objects of ${bucket}`}
            columns={objectColumns}
            rows={data.objects}
            keyOf={({ key }) => key}
            empty={isWhole ? "There is no object in it. Functions put some, and so do clients of S3." : "No key begins with this."}
          />
        )}
      </Shown>
      <Pager after={after} next={objects.data?.next ?? null} onMove={setAfter} />
    </div>
  );
}

type Database = DatabaseListReply["databases"][number];

function Databases({ path }: TabProps) {
  const databases = useData<DatabaseListReply>((signal) => ask(`${path}/sql`, { signal }), [path], 15_000);
  const [chosen, setChosen] = useState<string | null>(null);
  const columns: Column<Database>[] = [
    { title: "Database", cell: choosing(chosen, setChosen) },
    { title: "Size", isNumber: true, cell: ({ bytes: size }) => bytes(size) },
  ];
  return (
    <Card title="SQL databases" about="Databases of SQLite; mayfly sql runs statements on them">
      <Shown loaded={databases} height={60}>
        {(data) => (
          <Table
            label="List of SQL databases"
            columns={columns}
            rows={data.databases}
            keyOf={({ name }) => name}
            below={({ name }) => name === chosen && <Copies key={name} path={`${path}/sql/${encodeURIComponent(name)}/copies`} />}
            empty={
              <>
                The app has no database. <code>{`"bindings": { "DB": { "sql": "main" } }`}</code> of <code>mayfly.json</code> names one, and
                the first statement makes it.
              </>
            }
          />
        )}
      </Shown>
    </Card>
  );
}

type Copy = SqlCopiesReply["copies"][number];

const copyColumns: Column<Copy>[] = [
  { title: "Copied at", isNumber: true, cell: ({ at }) => dateAndTime(at) },
  { title: "Size", isNumber: true, cell: ({ bytes: size }) => bytes(size) },
];

function Copies({ path }: { path: string }) {
  const copies = useData<SqlCopiesReply>((signal) => ask(path, { signal }), [path]);
  return (
    <div class="inset">
      <Shown loaded={copies} height={40}>
        {(data) => (
          <Table
            label="Copies"
            columns={copyColumns}
            rows={data.copies}
            keyOf={({ at }) => at}
            empty={
              <>
                There is no copy of it yet. <code>mayfly sql copy</code> makes one, and <code>mayfly sql restore</code> takes one back.
              </>
            }
          />
        )}
      </Shown>
    </div>
  );
}
