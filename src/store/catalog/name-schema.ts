import { z } from "zod";

/** The name of an app, an appliance or a function. Capitals make a difference, except in hosts. */
export const nameSchema = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, "must be 1 to 64 of letters, digits, - and _");
