import { type Row, answering } from "./row.ts";

/** Refused, with the name of a package that works instead. */
function native(name: string, refused: RegExp, code = `import * as it from ${JSON.stringify(name)};`): Row {
  return { name, packages: [name], code: answering(code, "return new Response(String(it));"), expect: { refused } };
}

export const nativePackages: Row[] = [
  native("sharp", /native add-on sharp,.*jimp/s),
  native("argon2", /native add-on argon2,.*hash-wasm/s),
  native("bcrypt", /native add-on bcrypt,.*bcryptjs/s),
  native("better-sqlite3", /native add-on better-sqlite3,.*node:sqlite/s),
  native("sqlite3", /native add-on sqlite3,.*node:sqlite/s),
  native("@node-rs/argon2", /native add-on @node-rs\/argon2,.*hash-wasm/s),
  native("@napi-rs/canvas", /native add-on @napi-rs\/canvas,.*resvg-wasm/s),
  native("canvas", /native add-on canvas,.*resvg-wasm/s),
  native("libxmljs2", /native add-on libxmljs2,.*fast-xml-parser/s),
  native("prisma", /prisma generate/, 'import { PrismaClient as it } from "@prisma/client";'),
];
nativePackages.at(-1)!.packages = ["@prisma/client", "prisma"];
