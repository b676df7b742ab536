/** An engine for the tests: a list of numbers. */
import { MayflyError } from "../../../base/errors/error.ts";
import type { Engine, Operations } from "../engine.ts";

export type CountingOperations = ReturnType<(typeof engine)["operations"]>;

export const engine = {
  migrations: ["CREATE TABLE numbers (number INTEGER NOT NULL, bytes BLOB) STRICT"],
  operations(db) {
    const add = db.prepare("INSERT INTO numbers VALUES (?, ?)");
    const all = db.prepare("SELECT number FROM numbers ORDER BY rowid");
    const changes = db.prepare("SELECT total_changes() AS n");
    return {
      add({ number, bytes = null }: { number: number; bytes?: Uint8Array | null }): number {
        add.run(number, bytes);
        return number;
      },
      addThenThrow({ number }: { number: number }): never {
        add.run(number, null);
        throw new MayflyError("bad-request", { what: `the number ${number}` });
      },
      list: (): number[] => all.all().map(({ number }) => Number(number)),
      removeAll: (): void => db.exec("DELETE FROM numbers"),
      limitPages: ({ pages }: { pages: number }): void => db.exec(`PRAGMA max_page_count = ${pages}`),
      changes: (): number => Number(changes.get()?.["n"]),
      end: (): never => process.exit(3),
    };
  },
} satisfies Engine<Operations>;
