import { type Node, type SourceFile, nameOf, propertyOf, walk } from "./parse.ts";

/**
 * The positions where the code configures a pino transport: `transport: { target }` in the options of pino or Fastify, or a call of
 * pino.transport().
 */
export function pinoTransports({ program }: SourceFile): number[] {
  const found: number[] = [];
  walk(program, (node) => {
    const isOption = node.type === "Property" && nameOf(node["key"]) === "transport" && hasTarget(node["value"] as Node);
    const isCall =
      node.type === "CallExpression" && propertyOf(node["callee"]) === "transport" && nameOf((node["callee"] as Node)["object"]) === "pino";
    if (isOption || isCall) found.push(node.start);
  });
  return found;
}

function hasTarget({ type, properties }: Node): boolean {
  return (
    type === "ObjectExpression" && (properties as Node[]).some(({ key }) => ["target", "targets", "pipeline"].includes(nameOf(key) ?? ""))
  );
}
