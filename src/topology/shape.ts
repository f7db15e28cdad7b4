/**
 * The building blocks of the schema: zod types that accept what YAML makes of a user's text and refuse in our words.
 *
 * zod walks, collects issues with their paths and writes the JSON Schema; every message is made here or by a Reader,
 * because zod's own name types ("expected record") where a user thinks in YAML, and its unions say only that no branch fits.
 */
import { z } from 'zod';
import { choiceReader, integerReader, type Reader, readBoolean, readName } from './scalar.ts';
import { hint, listed } from './suggestion.ts';
import { isMap, Refusal } from './value.ts';

/** What an editor shows and completes. `also` holds further spellings, which are brought to the described one before the check. */
export interface Json {
  readonly description: string;
  readonly also?: readonly object[];
  readonly [keyword: string]: unknown;
}

/** A value read by `read`; the rest of `json` is its JSON Schema, since a function has none. */
export function scalar<T>(read: Reader<T>, json: Json) {
  return (
    z
      .unknown()
      // After an issue zod does not look at the value, hence undefined may pass for a T.
      .transform((value, context) => attempt(() => read(value), context) as T)
      .meta(json)
  );
}

export function integer(first: number, last: number, description: string) {
  return scalar(integerReader(first, last), { description, type: 'integer', minimum: first, maximum: last });
}

export function choice<const T extends string>(choices: readonly T[], description: string) {
  return scalar(choiceReader(choices), { description, enum: choices });
}

export function flag(description: string) {
  return scalar(readBoolean, { description, type: 'boolean' });
}

/**
 * A map with these keys and no others. Nothing at all (`vmnic0:`) is an empty map. `elsewhere` says of keys that people look for here what to
 * do instead.
 */
export function map<S extends z.ZodRawShape>(shape: S, json: Json, elsewhere: Readonly<Record<string, string>> = {}) {
  const keys = Object.keys(shape);
  const check = (value: unknown, context: z.RefinementCtx) => {
    if (value === null) return {};
    if (!isMap(value)) return refuse(context, new Refusal(value, 'a map', `allowed: ${listed(keys)}`));
    for (const key of Object.keys(value)) {
      if (keys.includes(key)) continue;
      const advice = Object.hasOwn(elsewhere, key) ? elsewhere[key]! : hint(key, keys, 'allowed:');
      refuseKey(context, key, `unknown key ${key}; ${advice}`);
    }
    return value;
  };
  return z.preprocess(check, z.strictObject(shape)).meta(json);
}

/** A map from names to entries. */
export function named<S extends z.ZodType>(entry: S, json: Json, readKey: Reader<string> = readName) {
  const check = (value: unknown, context: z.RefinementCtx) => {
    if (value === null) return {};
    if (!isMap(value)) return refuse(context, new Refusal(value, 'a map', 'a map from names to what they stand for'));
    for (const key of Object.keys(value)) {
      attempt(
        () => readKey(key),
        context,
        (message) => refuseKey(context, key, message),
      );
    }
    return value;
  };
  return z.preprocess(check, z.record(z.string(), entry)).meta(json);
}

/** A list. Its entries may be undefined in the result: those that were refused, so that the others keep their index. */
export function list<S extends z.ZodType>(entry: S, json: Json) {
  const check = (value: unknown, context: z.RefinementCtx) => {
    if (value === null) return [];
    if (!Array.isArray(value)) return refuse(context, new Refusal(value, 'a list', 'a list such as [first, second]'));
    return value;
  };
  return z.preprocess(check, z.array(entry.optional())).meta(json);
}

/** The shape with `convert` applied first, for another spelling of the same thing. */
export function spelled<S extends z.ZodType>(
  convert: (value: unknown, context: z.RefinementCtx) => unknown,
  normal: S,
  json: Json,
) {
  return z.preprocess(convert, normal).meta(json);
}

/** The value of `act`; if it throws a Refusal, an issue at this place and undefined. */
export function attempt<T>(
  act: () => T,
  context: z.RefinementCtx,
  report = (message: string) => context.addIssue({ code: 'custom', message }),
): T | undefined {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    report(error.message);
    return undefined;
  }
}

/** An issue at this place, and no value. */
export function refuse(context: z.RefinementCtx, refusal: Refusal): never {
  context.addIssue({ code: 'custom', message: refusal.message });
  return z.NEVER;
}

/** An issue about the key itself, not about what stands behind it. */
function refuseKey(context: z.RefinementCtx, key: string, message: string): void {
  context.addIssue({ code: 'custom', path: [key], message, params: { place: 'key' } });
}

/** The JSON Schema (draft 2020-12) of what a user may write. */
export function jsonSchema(schema: z.ZodType): object {
  return z.toJSONSchema(schema, {
    io: 'input',
    override: ({ jsonSchema: json }) => {
      const { also, description, ...own } = json;
      if (!Array.isArray(also)) return;
      for (const keyword of Object.keys(json)) delete json[keyword];
      Object.assign(json, { description, anyOf: [own, ...also] });
    },
  });
}
