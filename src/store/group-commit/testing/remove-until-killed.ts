/** Removes the rows of a file one after the other until it is killed, keeps a little each time, and prints the number of each row that it was told is removed. */
import { writeSync } from "node:fs";
import { Writer } from "../writer.ts";
import { engine } from "./space-engine.ts";

const [file, first, last] = process.argv.slice(2) as [string, string, string];
let isDone = false;
const writer = new Writer(
  engine,
  file,
  ([answer]) => (isDone = answer !== undefined && "result" in answer),
  () => 0,
);
for (let number = Number(first); number < Number(last); number++) {
  writer.run([{ number: 1, operation: "remove", argument: { number } }]);
  if (isDone) writeSync(1, `${number}\n`);
  writer.run([{ number: 2, operation: "keep", argument: { number: 1_000_000 + number, bytes: 3_000 } }]);
}
