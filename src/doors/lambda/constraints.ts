/** Checks a request's members in the order in which AWS does, and names every constraint that is not met, in AWS's words. */
import { AwsError } from "../../control/lambda/aws-error.ts";

/** What is wrong with each member, as `Value '…' at '…' failed to satisfy constraint: …`. */
export class Constraints {
  readonly #violations: string[] = [];

  #add(value: string, at: string, constraint: string): void {
    this.#violations.push(`Value ${value} at '${at}' failed to satisfy constraint: ${constraint}`);
  }

  /** @param pattern as AWS writes it; the whole value must match */
  pattern(at: string, value: string | undefined, pattern: string, test: RegExp): this {
    if (value !== undefined && !test.test(value)) this.#add(`'${value}'`, at, `Member must satisfy regular expression pattern: ${pattern}`);
    return this;
  }

  length(at: string, value: string | undefined, least: number, most: number): this {
    if (value === undefined) return this;
    if (value.length > most) this.#add(`'${value}'`, at, `Member must have length less than or equal to ${most}`);
    if (value.length < least) this.#add(`'${value}'`, at, `Member must have length greater than or equal to ${least}`);
    return this;
  }

  /** @param most Infinity: AWS names none */
  range(at: string, value: number | undefined, least: number, most: number): this {
    if (value === undefined) return this;
    if (value > most) this.#add(`'${value}'`, at, `Member must have value less than or equal to ${most}`);
    if (value < least) this.#add(`'${value}'`, at, `Member must have value greater than or equal to ${least}`);
    return this;
  }

  /** How many members a list has. */
  count(at: string, list: readonly string[] | undefined, least: number, most: number): this {
    if (list === undefined) return this;
    const shown = `'[${list.join(", ")}]'`;
    if (list.length > most) this.#add(shown, at, `Member must have length less than or equal to ${most}`);
    if (list.length < least) this.#add(shown, at, `Member must have length greater than or equal to ${least}`);
    return this;
  }

  /** Of the texts in a list. @param rules what AWS says of each of them */
  each(at: string, list: readonly string[] | undefined, met: (text: string) => boolean, rules: string): this {
    if (list !== undefined && !list.every(met))
      this.#add(`'[${list.join(", ")}]'`, at, `Member must satisfy constraint: [${rules}, Member must not be null]`);
    return this;
  }

  oneOf(at: string, value: string | undefined, allowed: readonly string[]): this {
    if (value !== undefined && !allowed.includes(value))
      this.#add(`'${value}'`, at, `Member must satisfy enum value set: [${allowed.join(", ")}]`);
    return this;
  }

  required(at: string, value: unknown): this {
    if (value === undefined || value === null) this.#add("null", at, "Member must not be null");
    return this;
  }

  /** Any other constraint. @param value as it is shown, with its quotation marks */
  unless(met: boolean, at: string, value: string, constraint: string): this {
    if (!met) this.#add(value, at, constraint);
    return this;
  }

  /** Throws a ValidationException if something is wrong. */
  check(): void {
    const count = this.#violations.length;
    if (count > 0) throw validation(`${count} validation error${count > 1 ? "s" : ""} detected: ${this.#violations.join("; ")}`);
  }
}

function validation(text: string): AwsError {
  return new AwsError("ValidationException", text);
}
