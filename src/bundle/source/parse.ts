/** Source files as syntax trees (ESTree, positions in UTF-16 units), for questions that the bundler does not answer. */
import { readFileSync } from "node:fs";
import { extname } from "node:path";
import { type ParserOptions, parseSync, visitorKeys } from "oxc-parser";

export interface Node {
  type: string;
  start: number;
  end: number;
  [key: string]: unknown;
}

export interface SourceFile {
  /** The absolute path. */
  path: string;
  text: string;
  program: Node;
}

/** Called for every node, parents first. `above` lists the node's ancestors, the closest one last. */
export type Visit = (node: Node, above: readonly Node[]) => void;

const languages = new Map<string, ParserOptions["lang"]>([
  [".js", "js"],
  [".mjs", "js"],
  [".cjs", "js"],
  [".jsx", "jsx"],
  [".ts", "ts"],
  [".mts", "ts"],
  [".cts", "ts"],
  [".tsx", "tsx"],
]);

export function isScript(path: string): boolean {
  return languages.has(extname(path));
}

/**
 * Returns undefined if this parser does not understand the file as JavaScript or TypeScript; the bundler decides whether it is an error.
 */
export function parseFile(path: string, text = readFileSync(path, "utf8")): SourceFile | undefined {
  const lang = languages.get(extname(path));
  if (lang === undefined) return undefined;
  for (const sourceType of ["unambiguous", "commonjs"] as const) {
    const { program, errors } = parseSync(path, text, { lang, sourceType });
    if (errors.length === 0) return { path, text, program: program as unknown as Node };
  }
  return undefined;
}

/** Does not use recursion, because generated code may be nested deeper than the stack allows. */
export function walk(root: Node, visit: Visit): void {
  const above: Node[] = [];
  /** What is still to be done, the next at the end: to visit a node, or, if undefined, to leave the closest ancestor. */
  const left: (Node | undefined)[] = [root];
  while (left.length > 0) {
    const node = left.pop();
    if (node === undefined) {
      above.pop();
      continue;
    }
    visit(node, above);
    above.push(node);
    left.push(undefined);
    pushChildren(node, left);
  }
}

/** The first child becomes the last entry. Makes no lists of its own: a bundle of a few packages has hundreds of thousands of nodes, and each is walked several times. */
function pushChildren(node: Node, entries: (Node | undefined)[]): void {
  const keys = visitorKeys[node.type] ?? [];
  for (let at = keys.length - 1; at >= 0; at--) {
    const value = node[keys[at]!];
    if (!Array.isArray(value)) {
      if (isNode(value)) entries.push(value);
      continue;
    }
    for (let index = value.length - 1; index >= 0; index--) if (isNode(value[index])) entries.push(value[index]);
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value;
}

/** The position as line:column, both counted from 1. */
export function placeOf({ text }: SourceFile, position: number): string {
  const before = text.slice(0, position);
  return `${before.split("\n").length}:${position - before.lastIndexOf("\n")}`;
}

export function nameOf(node: unknown): string | undefined {
  return isNode(node) && node.type === "Identifier" ? (node["name"] as string) : undefined;
}

export function textOf(node: unknown): string | undefined {
  if (!isNode(node)) return undefined;
  if (node.type === "Literal" && typeof node["value"] === "string") return node["value"];
  const [quasi, ...more] = node.type === "TemplateLiteral" ? (node["quasis"] as Node[]) : [];
  return quasi && more.length === 0 ? (quasi["value"] as { cooked: string }).cooked : undefined;
}

/** What a call or a `new` calls. Compilers of TypeScript write `(0, path_1.resolve)(…)` for an imported `resolve(…)`. */
export function calleeOf(node: Node): Node {
  let called = node["callee"] as Node;
  if (called.type === "ParenthesizedExpression") called = called["expression"] as Node;
  return called.type === "SequenceExpression" ? (called["expressions"] as Node[]).at(-1)! : called;
}

/** The arguments of a call or of `new`. */
export function argumentsOf(node: Node): Node[] {
  return node["arguments"] as Node[];
}

/** The property of a member access with a plain name, such as `fs.readFile`; undefined for other nodes. */
export function propertyOf(node: unknown): string | undefined {
  return isNode(node) && node.type === "MemberExpression" && node["computed"] === false ? nameOf(node["property"]) : undefined;
}

export function isFunction({ type }: Node): boolean {
  return type === "FunctionDeclaration" || type === "FunctionExpression" || type === "ArrowFunctionExpression";
}
