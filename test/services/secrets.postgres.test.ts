import { test } from 'node:test';
import { TestDatabase } from '../rig/TestDatabase.ts';
import { searchForSecrets } from './keeping-secrets.ts';

test('a secret is in no database, file, log or argument in clear: PostgreSQL', async () => {
  await using database = await TestDatabase.make();
  await searchForSecrets({ executor: 'scripted', database: database.url });
});
