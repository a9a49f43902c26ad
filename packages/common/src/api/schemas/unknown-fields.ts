import { z } from 'zod';

/** JSON pointers of fields of a valid value that its schema does not know, at any depth. */
export function unknownFields(schema: z.ZodType, value: unknown): string[] {
  const found: string[] = [];
  collect(schema as z.core.$ZodType as z.core.$ZodTypes, value, '', found);
  return found;
}

function collect(schema: z.core.$ZodTypes, value: unknown, pointer: string, found: string[]): void {
  if (typeof value !== 'object' || value === null) return;
  const { def } = schema._zod;
  const inner = (next: z.core.$ZodType) => collect(next as z.core.$ZodTypes, value, pointer, found);
  switch (def.type) {
    case 'object':
      for (const [key, item] of Object.entries(value)) {
        const field = Object.hasOwn(def.shape, key) ? def.shape[key] : undefined;
        if (field === undefined && def.catchall === undefined) found.push(pointer + escaped(key));
        else if (field !== undefined) collect(field as z.core.$ZodTypes, item, pointer + escaped(key), found);
      }
      return;
    case 'record':
      for (const [key, item] of Object.entries(value)) {
        collect(def.valueType as z.core.$ZodTypes, item, pointer + escaped(key), found);
      }
      return;
    case 'array':
      for (const [index, item] of (value as readonly unknown[]).entries()) {
        collect(def.element as z.core.$ZodTypes, item, `${pointer}/${index}`, found);
      }
      return;
    case 'union': {
      const chosen = def.options.find((option) => z.safeParse(option, value).success);
      if (chosen !== undefined) inner(chosen);
      return;
    }
    case 'optional':
    case 'nullable':
    case 'default':
    case 'prefault':
    case 'readonly':
    case 'catch':
    case 'nonoptional':
      inner(def.innerType);
      return;
    case 'pipe':
      inner(def.in);
      return;
    default:
  }
}

const escaped = (key: string) => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
