import { test } from 'node:test';
import { TestDatabase } from '../rig/TestDatabase.ts';
import { compareRandomPipelines } from './random-pipelines.ts';

test('pipelines made at random end on a server with PostgreSQL as they end here', async () => {
  await using database = await TestDatabase.make();
  await compareRandomPipelines(8, database.url);
});
