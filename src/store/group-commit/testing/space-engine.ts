/** An engine for tests of full disks: numbered rows of so many bytes. */
import type { Engine, Operations } from "../engine.ts";
import type { SpaceUse } from "../space-use.ts";

const uses: Record<string, SpaceUse> = { remove: "frees", removeAll: "frees", keep: "finishes" };

export const engine = {
  migrations: ["CREATE TABLE rows (number INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT"],
  spaceUse: (operation) => uses[operation] ?? "needs",
  operations(db) {
    const insert = db.prepare("INSERT INTO rows VALUES (?, ?)");
    const remove = db.prepare("DELETE FROM rows WHERE number = ?");
    const numbers = db.prepare("SELECT number FROM rows ORDER BY number");
    const add = ({ number, bytes }: { number: number; bytes: number }): void => void insert.run(number, new Uint8Array(bytes).fill(number));
    return {
      add,
      /** The same, as something that was accepted before. */
      keep: add,
      remove: ({ number }: { number: number }): number => Number(remove.run(number).changes),
      removeAll: (): void => db.exec("DELETE FROM rows"),
      numbers: (): number[] => numbers.all().map(({ number }) => Number(number)),
    };
  },
} satisfies Engine<Operations>;
