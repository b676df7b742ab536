/** Characters that change the direction of the text after them, and control characters, which show nothing. */
// oxlint-disable-next-line no-control-regex -- these are meant
const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/**
 * A sentence of Mayfly's in which there may be text of others, such as what a function has thrown: what would turn the rest of the sentence round is shown by its number.
 * Pure.
 */
export function plainly(text: string): string {
  return text.replace(HIDDEN, (character) => `[U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}]`);
}
