/**
 * Pages from templates that lie beside the code: `files` in mayfly.json brings the folder into the machine.
 *
 *   mayfly deploy examples/templates
 *   curl localhost:8080/museum/page
 *   curl 'localhost:8080/museum/page/picture?title=Water+Lilies&painter=Claude+Monet'
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const folder = join(import.meta.dirname, "views");
const views = new Map(readdirSync(folder).map((name) => [name.replace(/\.html$/, ""), readFileSync(join(folder, name), "utf8")]));

export default {
  fetch(request: Request): Response {
    const { pathname, searchParams } = new URL(request.url);
    const name = pathname.slice(1) || "welcome";
    const view = name === "frame" ? undefined : views.get(name);
    if (view === undefined) return new Response("no such page\n", { status: 404 });
    const content = filled(view, (key) => escaped(searchParams.get(key) ?? "unknown"));
    const page = filled(views.get("frame")!, () => content);
    return new Response(page, { headers: { "content-type": "text/html; charset=utf-8" } });
  },
};

/** Replaces each {{ key }}. */
function filled(template: string, value: (key: string) => string): string {
  return template.replace(/{{ (\w+) }}/g, (_, key: string) => value(key));
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
