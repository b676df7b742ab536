/**
 * Rewrites a source file so that it behaves in a bundle as in plain Node. `__dirname`, `__filename`, `import.meta.url` and similar
 * expressions, and paths of `require.resolve("…")`, get the values that they would have in plain Node. Calls that the bundler would not
 * recognise become `require("…")`: those of functions made by createRequire(), and those of paths built from `__dirname` and literals.
 * Lines keep their numbers.
 */
import { createRequire, isBuiltin } from "node:module";
import { dirname, relative } from "node:path";
import { type Node, type SourceFile, argumentsOf, isFunction, nameOf, propertyOf, textOf, walk } from "./parse.ts";
import { Places, ownPlace, pathInMachine, urlInMachine } from "./places.ts";

/** A file that matches none of these needs no rewriting. */
export const mayNeedRewriting =
  /\b__dirname\b|\b__filename\b|import\.meta|createRequire|require\.resolve|\brequire\s*\((?!\s*["'`][^"'`$]*["'`]\s*,?\s*\))/;

export interface Rewritten {
  text: string;
  /** Positions at which the file requires or imports a computed name. */
  computed: number[];
}

interface Edit {
  start: number;
  end: number;
  text: string;
}

/** @param registry the specifier of the module that finds packages at run time; if undefined, computed requires stay as they are */
export function rewrite(file: SourceFile, root: string, registry?: string): Rewritten {
  const edits = new Rewriting(file, root, registry);
  walk(file.program, (node, above) => edits.visit(node, above));
  return { text: applied(file.text, edits.edits), computed: edits.computed };
}

class Rewriting {
  readonly edits: Edit[] = [];
  readonly computed: number[] = [];
  readonly #file: SourceFile;
  readonly #root: string;
  readonly #registry: string | undefined;
  readonly #places: Places;
  readonly #declared: Set<string>;
  /** Names to which a result of createRequire() was assigned. */
  readonly #requires: Set<string>;

  constructor(file: SourceFile, root: string, registry: string | undefined) {
    this.#file = file;
    this.#root = root;
    this.#registry = registry;
    this.#places = new Places(file);
    this.#declared = declaredIn(file.program);
    this.#requires = requiresMadeIn(file.program);
  }

  visit(node: Node, above: readonly Node[]): void {
    if (node.type === "CallExpression") return this.#call(node, above);
    if (node.type === "ImportExpression") return this.#import(node);
    const parent = above.at(-1);
    if (node.type === "Identifier" && this.#requires.has("require") && node["name"] === "require") return this.#renamed(node, parent);
    const place = ownPlace(node, this.#file.path);
    if (place === undefined || (node.type === "Identifier" && !this.#isFree(node, above))) return;
    const seen = place.startsWith("file://") ? urlInMachine(this.#root, this.#file.path) : pathInMachine(this.#root, place);
    this.#replace(node, isShorthand(node, parent) ? `${node["name"] as string}:${seen}` : seen);
  }

  #call(node: Node, above: readonly Node[]): void {
    const called = node["callee"] as Node;
    const [first, ...more] = argumentsOf(node);
    if (first === undefined || more.length > 0) return;
    const isResolve = propertyOf(called) === "resolve";
    const asked = isResolve ? (called["object"] as Node) : called;
    const isMade = this.#requires.has(nameOf(asked) ?? "") || isCreateRequire(asked);
    if (!isMade && !(nameOf(asked) === "require" && this.#isFree(asked, above))) return;
    if (isResolve) return this.#resolved(node, first);
    const literal = textOf(first) ?? this.#constant(first);
    if (literal !== undefined) return isMade ? this.#replace(asked, "require") : undefined;
    if (!this.#madePath(first)) this.#computed(node, asked);
    else if (isMade) this.#replace(asked, "require");
  }

  #import(node: Node): void {
    const source = node["source"] as Node;
    if (textOf(source) !== undefined || this.#constant(source) !== undefined || this.#madePath(source) || node["options"]) return;
    this.computed.push(node.start);
    const { start } = node;
    if (this.#registry !== undefined)
      this.#replace({ start, end: start + "import".length }, `require(${JSON.stringify(this.#registry)}).load`);
  }

  /** Folds constants: require("card" + NOTHING) requests "card". */
  #constant(node: Node): string | undefined {
    const value = this.#places.pathOf(node);
    if (value === undefined || value.startsWith("/")) return undefined;
    this.#replace(node, JSON.stringify(value));
    return value;
  }

  /** Turns a path made of literals into a specifier, which the bundler can follow. */
  #madePath(node: Node): boolean {
    if (textOf(node) !== undefined || !this.#places.isMadeOfPlace(node)) return false;
    const path = this.#places.pathOf(node);
    if (path === undefined || resolvedFrom(this.#file.path, path) === undefined) return false;
    this.#replace(node, JSON.stringify(`./${relative(dirname(this.#file.path), path)}`));
    return true;
  }

  #computed(node: Node, asked: Node): void {
    this.computed.push(node.start);
    if (this.#registry !== undefined) this.#replace(asked, `require(${JSON.stringify(this.#registry)})`);
  }

  #resolved(node: Node, first: Node): void {
    const specifier = textOf(first);
    if (specifier === undefined || isBuiltin(specifier)) return;
    const path = resolvedFrom(this.#file.path, specifier);
    if (path !== undefined) this.#replace(node, pathInMachine(this.#root, path));
  }

  /** Renames a `require` made by createRequire(), because the bundler follows only a `require` that the file does not declare. */
  #renamed(node: Node, parent: Node | undefined): void {
    if (!isMemberName(node, parent)) this.#replace(node, isShorthand(node, parent) ? "require:createdRequire" : "createdRequire");
  }

  /** Parts of a replaced range are never replaced again. */
  #replace({ start, end }: Pick<Node, "start" | "end">, text: string): void {
    if (!this.edits.some((edit) => edit.start <= start && end <= edit.end)) this.edits.push({ start, end, text });
  }

  #isFree(node: Node, above: readonly Node[]): boolean {
    const name = node["name"] as string;
    const parent = above.at(-1);
    if (this.#declared.has(name) || isMemberName(node, parent)) return false;
    const isTarget = parent?.type === "AssignmentExpression" && parent["left"] === node;
    return !isTarget && !above.some((each) => isFunction(each) && (each["params"] as Node[]).some((param) => nameOf(param) === name));
  }
}

/** All names that the file itself declares anywhere: they do not have the meaning that Node gives them. */
function declaredIn(program: Node): Set<string> {
  const names = new Set<string>();
  walk(program, (node) => {
    const isDeclaration = node.type === "VariableDeclarator" || node.type === "FunctionDeclaration" || node.type === "ClassDeclaration";
    const target = isDeclaration ? node["id"] : node.type.startsWith("Import") ? node["local"] : undefined;
    const name = nameOf(target);
    if (name !== undefined) names.add(name);
  });
  return names;
}

function requiresMadeIn(program: Node): Set<string> {
  const names = new Set<string>();
  walk(program, (node) => {
    const name = node.type === "VariableDeclarator" ? nameOf(node["id"]) : undefined;
    if (name !== undefined && node["init"] && isCreateRequire(node["init"] as Node)) names.add(name);
  });
  return names;
}

/** createRequire(import.meta.url), or of `__filename`: a require function of this very file. */
function isCreateRequire(node: Node): boolean {
  if (node.type !== "CallExpression") return false;
  const called = node["callee"] as Node;
  const [place] = argumentsOf(node);
  const isOfThisFile = place !== undefined && ["url", "filename"].includes(propertyOf(place) ?? "") && ownPlace(place, "/") !== undefined;
  return (nameOf(called) ?? propertyOf(called)) === "createRequire" && (isOfThisFile || nameOf(place) === "__filename");
}

function isMemberName(node: Node, parent: Node | undefined): boolean {
  if (parent === undefined) return false;
  if (parent.type === "MemberExpression") return parent["computed"] === false && parent["property"] === node;
  const isKey = parent["key"] === node && parent["computed"] !== true && parent["shorthand"] !== true;
  return isKey || parent.type.endsWith("Specifier") || (parent.type.startsWith("TS") && !valuesOfTypeScript.has(parent.type));
}

/** TypeScript's other nodes are types. */
const valuesOfTypeScript = new Set([
  "TSAsExpression",
  "TSSatisfiesExpression",
  "TSNonNullExpression",
  "TSTypeAssertion",
  "TSExportAssignment",
]);

function isShorthand(node: Node, parent: Node | undefined): boolean {
  return parent?.type === "Property" && parent["shorthand"] === true && (parent["value"] === node || parent["key"] === node);
}

function resolvedFrom(path: string, specifier: string): string | undefined {
  try {
    return createRequire(path).resolve(specifier);
  } catch {
    // Not installed or not exported: at run time it is not found in plain Node either.
    return undefined;
  }
}

function applied(text: string, edits: Edit[]): string {
  let done = 0;
  const parts = edits
    .toSorted((a, b) => a.start - b.start)
    .flatMap(({ start, end, text: by }) => {
      const before = text.slice(done, start);
      done = end;
      return [before, by];
    });
  return parts.join("") + text.slice(done);
}
