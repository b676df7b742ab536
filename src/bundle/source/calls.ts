/** The `require("…")` and `import("…")` of a file, and whether they are met as soon as it is loaded. */
import { type Node, type SourceFile, argumentsOf, isFunction, nameOf, textOf, walk } from "./parse.ts";

export interface Call {
  /** Undefined where it is computed. */
  specifier: string | undefined;
  position: number;
  /**
   * load: whenever the file is. guarded: in a `try` with a `catch`, or with `.catch`. maybe: at load, under a condition. later: in a
   * function, whenever that is called.
   */
  when: "load" | "guarded" | "maybe" | "later";
}

export function callsIn({ program }: SourceFile): Call[] {
  const calls: Call[] = [];
  walk(program, (node, above) => {
    const asked = askedBy(node);
    if (asked) calls.push({ specifier: textOf(asked), position: node.start, when: whenMet(node, above) });
  });
  return calls;
}

/** Static imports and re-exports count as met at load. */
export function importsIn({ program }: SourceFile): Call[] {
  const statements = (program["body"] as Node[]).filter(({ source }) => source !== undefined && source !== null);
  return statements.map(({ source, start }) => ({
    specifier: textOf(source) ?? "",
    position: (source as Node).start ?? start,
    when: "load",
  }));
}

function askedBy(node: Node): Node | undefined {
  if (node.type === "ImportExpression") return node["source"] as Node;
  return node.type === "CallExpression" && nameOf(node["callee"]) === "require" ? argumentsOf(node)[0] : undefined;
}

function whenMet(node: Node, above: readonly Node[]): Call["when"] {
  if (isGuarded(node, above)) return "guarded";
  if (above.some((each, at) => isFunction(each) && !isCalledAtOnce(each, above[at - 1]))) return "later";
  const isAwaited = node.type !== "ImportExpression" || above.at(-1)?.type === "AwaitExpression";
  if (!isAwaited) return "later";
  return above.some(({ type }) => conditions.has(type)) ? "maybe" : "load";
}

const conditions = new Set(["IfStatement", "ConditionalExpression", "LogicalExpression", "SwitchStatement"]);

function isGuarded(node: Node, above: readonly Node[]): boolean {
  const path = [...above, node];
  const inTry = path.some((each, at) => each.type === "TryStatement" && each["handler"] && path[at + 1] === each["block"]);
  return inTry || path.some((each, at) => catches(each, path[at - 1], path[at - 2]));
}

/** import("x").catch(…), or .then(…, …). */
function catches(inner: Node, member: Node | undefined, call: Node | undefined): boolean {
  if (member?.type !== "MemberExpression" || member["object"] !== inner || call?.type !== "CallExpression") return false;
  const method = nameOf(member["property"]);
  return method === "catch" || (method === "then" && argumentsOf(call).length > 1);
}

/** (function () { … })(), which loaders and wrappers are made of. */
function isCalledAtOnce(work: Node, parent: Node | undefined): boolean {
  if (parent?.type === "CallExpression") return parent["callee"] === work;
  const isCall = parent?.type === "MemberExpression" && parent["object"] === work;
  return isCall && ["call", "apply"].includes(nameOf(parent["property"]) ?? "");
}
