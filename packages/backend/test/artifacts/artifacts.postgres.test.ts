import { makePostgres } from '../store/databases.ts';
import { testArtifacts } from './artifacts-suite.ts';

testArtifacts('PostgreSQL', makePostgres);
