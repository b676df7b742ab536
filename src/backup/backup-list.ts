/** The file `backup.json` of a backup. It is written last, so that a backup that has it is whole. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { MayflyError } from "../base/errors/error.ts";

export const LIST = "backup.json";

const listSchema = z.object({
  format: z.literal(1),
  /** What was accepted before is in the backup. */
  madeAt: z.iso.datetime(),
  /** Of whom it is; null: of the whole server. */
  tenant: z.object({ id: z.string(), name: z.string() }).nullable(),
  files: z.array(
    z.object({
      /** Below the backup's folder. */
      path: z.string().regex(/^(?!\/)(?!.*(^|\/)\.{1,2}(\/|$))[^\0]+$/, "must lead to a file below the folder"),
      bytes: z.int().nonnegative(),
      /** Missing of content, whose name or store says what it must be. */
      sha256: z.string().optional(),
    }),
  ),
});

export type BackupList = z.infer<typeof listSchema>;
export type BackupFile = BackupList["files"][number];

/** Throws "bad-backup". */
export function readBackupList(folder: string): BackupList {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(join(folder, LIST), "utf8"));
  } catch (error) {
    throw new MayflyError("bad-backup", { folder, what: `its ${LIST} cannot be read: ${(error as Error).message}` }, error);
  }
  const parsed = listSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new MayflyError("bad-backup", { folder, what: `its ${LIST} is none that this Mayfly knows: ${z.prettifyError(parsed.error)}` });
}
