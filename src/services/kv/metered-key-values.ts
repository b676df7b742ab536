import { type Change, type KeyValues, MOST_VALUE_BYTES, type Store } from "./kv.ts";

/** Key-value stores whose use is told: each is counted for the app that a store belongs to, once it was answered. @param used is called for each read and each write */
export function meteredKeyValues(kv: KeyValues, used: (app: string, use: { reads: number } | { writes: number }) => void): KeyValues {
  async function* counted({ app }: Store, changes: AsyncIterable<Change>): AsyncGenerator<Change> {
    for await (const change of changes) {
      used(app, { reads: 1 });
      yield change;
    }
  }

  return {
    async get(store, key, most = MOST_VALUE_BYTES) {
      const entry = await kv.get(store, key, most);
      // A value that is too large for `most` is asked for a second time.
      if (entry === null || entry.value !== null || most === 0) used(store.app, { reads: 1 });
      return entry;
    },
    async list(store, request) {
      const page = await kv.list(store, request);
      used(store.app, { reads: Math.max(1, page.keys.length) });
      return page;
    },
    async write(store, writes, trace) {
      const written = await kv.write(store, writes, trace);
      used(store.app, { writes: writes.length });
      return written;
    },
    watch: (store, request) => counted(store, kv.watch(store, request)),
    stores: (app) => kv.stores(app),
    drop: (store) => kv.drop(store),
  };
}
