import { makeSqlite } from '../store/databases.ts';
import { testArtifacts } from './artifacts-suite.ts';

testArtifacts('files', makeSqlite);
