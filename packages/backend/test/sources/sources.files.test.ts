import { makeSqlite } from '../store/databases.ts';
import { testSources } from './sources-suite.ts';

testSources('files', makeSqlite);
