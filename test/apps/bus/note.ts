export { handler } from "../triggers/note.ts";
