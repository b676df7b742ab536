import { basename } from "node:path";
import { MayflyError } from "../base/errors/error.ts";

/** For `catch`: throws "disk-full" if the disk was full, otherwise rethrows. @param file the file that was being written */
export function toldIfFull(file: string): (error: unknown) => never {
  return (error) => {
    if ((error as NodeJS.ErrnoException).code === "ENOSPC") throw new MayflyError("disk-full", { file: basename(file) }, error);
    throw error;
  };
}
