/** The `require("…")` and `import("…")` calls of a file, and whether they run as soon as the file is loaded. */
import { type Node, type SourceFile, argumentsOf, isFunction, nameOf, textOf, walk } from "./parse.ts";

export interface Call {
  /** Undefined if the specifier is computed. */
  specifier: string | undefined;
  position: number;
  /**
   * load: whenever the file is loaded. guarded: in a `try` with a `catch`, or with `.catch`. maybe: at load, but under a condition. later:
   * in a function, whenever the function is called.
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

/** Static imports and re-exports count as `load`. */
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

/** Whether the call is followed by .catch(…), or by .then(…, …). */
function catches(inner: Node, member: Node | undefined, call: Node | undefined): boolean {
  if (member?.type !== "MemberExpression" || member["object"] !== inner || call?.type !== "CallExpression") return false;
  const method = nameOf(member["property"]);
  return method === "catch" || (method === "then" && argumentsOf(call).length > 1);
}

/** Whether the function is called on the spot, `(function () { … })()`, as loaders and wrappers are. */
function isCalledAtOnce(work: Node, parent: Node | undefined): boolean {
  if (parent?.type === "CallExpression") return parent["callee"] === work;
  const isCall = parent?.type === "MemberExpression" && parent["object"] === work;
  return isCall && ["call", "apply"].includes(nameOf(parent["property"]) ?? "");
}
