import { test } from 'node:test';
import { searchForSecrets } from './keeping-secrets.ts';

test('a secret is in no database, file, log or argument in clear: SQLite, real containers', async () => {
  await searchForSecrets({ executor: 'docker' });
});
