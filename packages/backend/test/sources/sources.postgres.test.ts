import { makePostgres } from '../store/databases.ts';
import { testSources } from './sources-suite.ts';

testSources('PostgreSQL', makePostgres);
