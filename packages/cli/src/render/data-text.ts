/** The forms in which data is printed for programs. */
export type DataFormat = 'json' | 'yaml';

/** Data as one JSON or YAML document with a line end; the YAML writer is loaded only if needed. */
export async function formatData(value: unknown, format: DataFormat): Promise<string> {
  if (format === 'json') {
    return `${JSON.stringify(value, null, 2)}\n`;
  }
  const { stringify } = await import('yaml');
  return stringify(value, { aliasDuplicateObjects: false, lineWidth: 0 });
}
