import { clients } from "./rows/clients.ts";
import { databases } from "./rows/databases.ts";
import { documents } from "./rows/documents.ts";
import { frameworks } from "./rows/frameworks.ts";
import { nativePackages } from "./rows/native.ts";
import { others } from "./rows/others.ts";
import { rendering } from "./rows/rendering.ts";
import type { Row } from "./rows/row.ts";

const inOneTree: Row[] = [...documents, ...nativePackages, ...databases, ...frameworks, ...rendering, ...clients, ...others];

/** These packages look for optional others, which must not be present by chance. */
const alone = ["jsdom", "linkedom", "sharp", "knex-pg", "typeorm", "sequelize", "nestjs"];

export const table: Row[] = [...inOneTree, ...alone.map((name) => aloneIn(inOneTree.find((row) => row.name === name)!))];

function aloneIn(row: Row): Row {
  return { ...row, name: `${row.name}, alone`, alone: true };
}
