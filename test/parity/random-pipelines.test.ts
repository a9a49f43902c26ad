import { test } from 'node:test';
import { compareRandomPipelines } from './random-pipelines.ts';

test('pipelines made at random end on a server with SQLite as they end here', () => compareRandomPipelines(12));
