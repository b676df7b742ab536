/** The form in which machines read an app's large files where they lie on the host: an erofs file system in a file, or a folder. */
export type FilesForm = "image" | "folder";
