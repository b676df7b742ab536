/** The texts of tokens and key pairs. All are random; a token's prefix lets programs that look for leaked secrets find it. */
import { hash, randomBytes } from "node:crypto";

/** 256 random bits. */
export function newToken(): string {
  return `mayfly_${randomBytes(32).toString("base64url")}`;
}

/** Tokens are random, so that their digest needs no salt and no slow hash: nobody can try them all. */
export function digestOf(token: string): string {
  return hash("sha256", token, "base64url");
}

/** 20 capitals and digits, as AWS's clients expect it. */
export function newAccessKeyId(): string {
  return `MFLY${Array.from(randomBytes(16), (byte) => ALPHABET[byte % ALPHABET.length]).join("")}`;
}

/** 40 characters, 240 random bits, as AWS's clients expect it. */
export function newSecret(): string {
  return randomBytes(30).toString("base64");
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
