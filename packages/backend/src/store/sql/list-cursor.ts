/** The end of a page of a list; opaque to clients. */
export function encodeCursor(createdAt: number, id: string): string {
  return Buffer.from(`${createdAt} ${id}`).toString('base64url');
}

/** null when it is none of ours. */
export function decodeCursor(cursor: string): { createdAt: number; id: string } | null {
  const match = /^(\d{1,15}) (\S{1,64})$/.exec(Buffer.from(cursor, 'base64url').toString('utf8'));
  if (match?.[1] === undefined || match[2] === undefined) return null;
  return { createdAt: Number(match[1]), id: match[2] };
}
