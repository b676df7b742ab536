import { MayflyError } from "../base/errors/error.ts";

/** For `catch`: throws "disk-full" where that was the reason, else what was thrown. @param file what was written */
export function toldIfFull(file: string): (error: unknown) => never {
  return (error) => {
    if ((error as NodeJS.ErrnoException).code === "ENOSPC") throw new MayflyError("disk-full", { file }, error);
    throw error;
  };
}
