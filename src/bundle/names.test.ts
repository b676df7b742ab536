import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { AppFolder } from "./testing/app-folder.ts";

let folder: AppFolder;
beforeEach(() => (folder = new AppFolder()));
afterEach(() => folder.remove());

const notFound = "export class NotFound extends Error { constructor(m: string) { super(m); this.name = this.constructor.name; } }";

test("two classes of the same name in two files both keep it, and so do their errors", async () => {
  folder.write("a.ts", notFound);
  folder.write("b.ts", notFound);
  folder.app(
    `import { NotFound as A } from "./a"; import { NotFound as B } from "./b"; export const handler = () => [A.name, B.name, new B("x").name];`,
  );
  assert.deepEqual((await folder.run()).value, ["NotFound", "NotFound", "NotFound"]);
});

test("a class that refers to itself in a static or a method keeps its name", async () => {
  folder.app(`class Invoice { static label = "x"; who() { return Invoice.label; } } class Self { static again = Self; static own = Self.name; }
    export const handler = () => [Invoice.name, new Invoice().constructor.name, Self.name, Self.own];`);
  assert.deepEqual((await folder.run()).value, ["Invoice", "Invoice", "Self", "Self"]);
});

test("functions, arrows and classes that share names with others in other files keep them", async () => {
  const code =
    "function pay() {} const ship = () => {}; const send = async function () {}; const Box = class {}; export const all = [pay, ship, send, Box];";
  folder.write("a.ts", code);
  folder.write("b.ts", code);
  folder.app(
    `import { all as a } from "./a"; import { all as b } from "./b"; export const handler = () => [...a, ...b].map((each) => each.name);`,
  );
  const names = ["pay", "ship", "send", "Box"];
  assert.deepEqual((await folder.run()).value, [...names, ...names]);
});

test("default exports without a name are called default, as Node calls them", async () => {
  folder.write("a.ts", "export default class {}");
  folder.write("b.ts", "export default function () {}");
  folder.write("c.ts", "export default () => {};");
  folder.app(`import a from "./a"; import b from "./b"; import c from "./c"; export const handler = () => [a.name, b.name, c.name];`);
  assert.deepEqual((await folder.run()).value, ["default", "default", "default"]);
});

test("a decorated class keeps its name, with TypeScript's decorators and the standard's", async () => {
  for (const experimentalDecorators of [true, false]) {
    folder.write("tsconfig.json", { compilerOptions: { experimentalDecorators, emitDecoratorMetadata: experimentalDecorators } });
    folder.app(`const seen: string[] = []; const note = (target: Function, _context?: unknown): any => { seen.push(target.name); };
      @note class Order { static first = Order; } export const handler = () => [...seen, Order.name];`);
    assert.deepEqual((await folder.run()).value, ["Order", "Order"]);
  }
});

test("classes of CommonJS packages that are called like each other keep their names", async () => {
  folder.pack("one", "class Model { static make() { return new Model(); } } module.exports = Model;");
  folder.pack("two", "class Model { static make() { return new Model(); } } module.exports = Model;");
  folder.app(
    `import One from "one"; import Two from "two"; export const handler = () => [One.name, Two.name, Two.make().constructor.name];`,
  );
  assert.deepEqual((await folder.run()).value, ["Model", "Model", "Model"]);
});

test("beside top-level await, too", async () => {
  folder.write("a.ts", notFound);
  folder.app(
    `import { NotFound as A } from "./a"; await null; class NotFound { static own = NotFound; } export const handler = () => [A.name, NotFound.name];`,
  );
  assert.deepEqual((await folder.run()).value, ["NotFound", "NotFound"]);
});
